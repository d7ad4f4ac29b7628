"""Columns, labels and cells of any name: nothing leaves the folder, nothing commands a terminal."""

from __future__ import annotations

import csv
import io
import json
import shlex

import numpy as np
import pytest
from PIL import Image

from command_line import in_process
from polymodal.core.advice import option

PICTURE, NOTE, SIZE, LABEL = "../../up [/x]", "note.\x1b[31m=text", "-size\u202e", "the [label]"
WORDS = ["a red", "some blue", "one tall"]
LABELS = ["=1+1\x1b[2J", "# two <b>", "\u202ethree"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with baselines, trained as on a terminal, and what it printed there."""
    folder = tmp_path_factory.mktemp("names") / "inner"
    folder.mkdir()
    rng = np.random.default_rng(0)
    with open(folder / "t.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([PICTURE, NOTE, SIZE, LABEL])
        for row in range(36):
            pixels = rng.integers(0, 255, (8, 8, 3)).astype("uint8")
            Image.fromarray(pixels).save(folder / f"{row}.png")
            writer.writerow(
                [
                    f"{row}.png",
                    f"{WORDS[row % 3]} thing {row} was here",
                    rng.normal(),
                    LABELS[row % 3],
                ]
            )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("command_line.io.StringIO", Terminal)
        done = in_process(
            "train",
            "--data",
            folder / "t.csv",
            "--target",
            LABEL,
            "--out",
            folder / "run",
            "--set",
            "training.epochs=1",
            "--set",
            "dim=8",
            "--set",
            "training.precision=float32",
            "--set",
            "training.jit=false",
        )
    return folder, done


def test_everything_is_below_the_run(run):
    folder, _ = run
    beside = {p.name for p in folder.iterdir()} - {f"{row}.png" for row in range(36)}
    assert beside == {"t.csv", "run"}
    assert [p.name for p in folder.parent.iterdir()] == ["inner"]
    assert sorted(p.name for p in (folder / "run" / "baselines").iterdir()) == [
        "input_0",
        "input_1",
        "input_2",
    ]


def test_no_name_commands_the_terminal(run):
    folder, done = run
    card = (folder / "run" / "MODEL_CARD.md").read_text()
    for text in (done.stdout, card, done.stderr):
        for hostile in ("\x1b[31m=text", "\x1b[2J", "\u202e"):
            assert hostile not in text
    assert PICTURE in done.stderr


def test_the_printed_options_work(run):
    folder, done = run
    for name, value in ((PICTURE, str(folder / "3.png")), (NOTE, "a red thing"), (SIZE, "1.5")):
        answer = in_process(
            "predict", folder / "run", "--json", *shlex.split(option("--input", name, value))
        )
        assert json.loads(answer.stdout)["prediction"] in LABELS
    leave_out = option("--ignore", NOTE)
    assert leave_out in done.stderr
    refused = in_process(
        "train",
        "--data",
        folder / "t.csv",
        "--target",
        LABEL,
        "--out",
        folder / "run",
        *shlex.split(leave_out),
        check=False,
    )
    assert "choose another --out" in refused.stderr  # the option was taken: it is another run
    assert "No column named" not in refused.stderr
