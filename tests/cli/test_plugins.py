"""Parts from a folder outside the package, as a person names it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import plugin_folder
from command_line import in_process


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    plugin_folder.write(folder / "mine")
    rng, lines = np.random.default_rng(0), ["picture;size;name"]
    for row in range(16):
        pixels = (rng.integers(0, 99, (8, 8)) + 150 * (row % 2)).astype("uint8")
        Image.fromarray(pixels).save(folder / f"{row}.png")
        lines.append(f"{row}.png;{rng.normal():.2f};{['dark', 'bright'][row % 2]}")
    (folder / "table.semi").write_text("\n".join(lines) + "\n")
    return folder


def test_a_format_an_encoder_and_a_fusion_from_outside(folder):
    in_process(
        "train",
        "--plugins",
        folder / "mine",
        "--data",
        folder / "table.semi",
        "--target",
        "name",
        "--out",
        folder / "run",
        "--set",
        "inputs.picture.encoder=lines",
        "--set",
        "fusion=stacked",
        "--set",
        "training.epochs=1",
        "--set",
        "dim=16",
        "--no-baselines",
    )
    recipe = json.loads((folder / "run" / "model.json").read_text())["recipe"]
    assert sorted(recipe["plugins"]) == ["encoders.lines", "fusion.stacked"]
    assert str(folder / "mine") not in json.dumps(recipe)
    given = ["predict", folder / "run", "--input", f"picture={folder / '1.png'}", "--json"]
    answer = json.loads(in_process(*given, "--plugins", folder / "mine").stdout)
    assert answer["prediction"] in ("dark", "bright")
    refused = in_process(*given, check=False)
    assert refused.returncode == 1
    said = "needs the plugin encoders/lines.py. Got none. Supply it with --plugins"
    assert said in refused.stderr


def test_a_format_from_outside_is_unknown_without_its_folder(folder):
    refused = in_process("train", "--data", folder / "table.semi", "--target", "name", check=False)
    assert refused.returncode != 0
    assert "has an ending that no format has" in refused.stderr


def test_names_from_outside_are_listed(folder):
    listed = in_process("encoders", "--plugins", folder / "mine").stdout
    assert "A token for each line of a picture." in listed
    assert "lines" not in in_process("encoders").stdout.split()
