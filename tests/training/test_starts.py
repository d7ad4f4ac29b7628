"""Parts of a model that start from another run."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from polymodal.bundle.part import tensors_of
from polymodal.core.errors import BundleError, RecipeError, ResumeError
from polymodal.inference.predictor import load
from polymodal.recipe.written.given import check_given
from polymodal.tables.table import read
from polymodal.training.preparing.starts import with_parts
from polymodal.training.run import train

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}
PLAIN = {"epochs": 2, "precision": "float32", "learning_rate": 0.01, "batch_size": 8}


def pictures(folder, rows=24, seed=0):
    """Returns a table of coloured pictures with a number that says as much."""
    rng, found = np.random.default_rng(seed), []
    for row in range(rows):
        name = list(COLOURS)[row % 3]
        pixels = np.clip(rng.normal(COLOURS[name], 20, (8, 8, 3)), 0, 255).astype("uint8")
        Image.fromarray(pixels).save(folder / f"{seed}-{row}.png")
        found.append({"picture": f"{seed}-{row}.png", "size": row % 3 + rng.normal(), "name": name})
    return read(found, media_root=folder)


def run(table, out, **given):
    given = {"target": "name", "training": PLAIN, **given}
    return train({"train": table}, given, out, baselines=False, split="random")


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A finished run on pictures alone."""
    folder = tmp_path_factory.mktemp("first")
    table = pictures(folder)
    run(table, folder / "run", dim=16, inputs={"picture": {"width": 8}})
    return table, folder / "run"


def test_a_frozen_encoder_of_another_run_changes_none_of_its_weights(first, tmp_path):
    table, source = first
    found = run(
        table,
        tmp_path / "run",
        inputs={"picture": {"encoder": {"from": str(source), "freeze": True}}, "size": {}},
    )
    mine = tensors_of(tmp_path / "run", "encoders.picture")
    theirs = tensors_of(source, "encoders.picture")
    assert mine.keys() == theirs.keys()
    assert len(mine) > 5
    assert all((mine[name] == theirs[name]).all() for name in theirs)
    state = lambda folder: (folder / "preprocess" / "input_0.json").read_text()
    assert state(tmp_path / "run") == state(source)
    recipe = found.predictor.recipe
    assert recipe.dim == 16
    assert recipe.inputs["picture"]["width"] == 8
    assert recipe.inputs["picture"]["encoder"]["sha256"]
    rows = [table.row(row) for row in range(5)]
    again = load(tmp_path / "run").predict(read(rows, media_root=table.root))
    assert len(again) == 5  # from raw pictures, without the first run


def test_weights_that_are_not_frozen_start_there_and_move(first, tmp_path):
    table, source = first
    run(
        table,
        tmp_path / "run",
        inputs={"picture": {"encoder": {"from": str(source), "learning_rate_scale": 0.01}}},
        training={**PLAIN, "epochs": 1, "weight_decay": 0.0},
    )
    mine = tensors_of(tmp_path / "run", "encoders.picture")
    theirs = tensors_of(source, "encoders.picture")
    moved = [np.abs(mine[name] - theirs[name]).max() for name in theirs if "kernel" in name]
    assert 0 < max(moved) < 0.003


def test_weights_alone_leave_settings_to_the_recipe(first, tmp_path):
    table, source = first
    given = {
        "target": "name",
        "dim": 16,
        "inputs": {"picture": {"width": 16, "encoder": {"weights": str(source)}}},
    }
    with pytest.raises(RecipeError, match=r"inputs\.picture\.encoder needs weights of its own sha"):
        run(table, tmp_path / "run", **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"inputs": {"picture": {"width": 4, "encoder": {"from": "SOURCE"}}}},
            r"inputs\.picture\.width needs 8, because inputs\.picture starts from",
        ),
        ({"dim": 32, "inputs": {"picture": {"encoder": {"from": "SOURCE"}}}}, "dim needs 16"),
        (
            {"inputs": {"picture": {"encoder": {"name": "vit", "from": "SOURCE"}}}},
            r"inputs\.picture\.encoder needs 'convnet'",
        ),
        ({"inputs": {"picture": {"encoder": {"from": "SOURCE", "sha256": "0"}}}}, "with sha256 0"),
    ],
)
def test_a_recipe_that_contradicts_the_part_is_refused(first, given, message):
    inner = given["inputs"]["picture"]["encoder"]
    filled = {"picture": {**given["inputs"]["picture"], "encoder": {**inner, "from": first[1]}}}
    with pytest.raises(RecipeError, match=message):
        with_parts({**given, "inputs": filled})


def test_augmentation_may_differ(first):
    found = with_parts({"inputs": {"picture": {"crop": 0.5, "encoder": {"from": str(first[1])}}}})
    assert found["inputs"]["picture"]["crop"] == 0.5
    check_given({"target": "name", **found})


def test_a_folder_without_such_an_input_is_refused(first):
    with pytest.raises(BundleError, match=r"its modality\. Got picture \(image\)"):
        with_parts({"inputs": {"words": {"modality": "text", "encoder": {"from": first[1]}}}})
    with pytest.raises(BundleError, match="needs to be a finished run"):
        with_parts({"inputs": {"words": {"encoder": {"from": str(first[1].parent)}}}})


def test_another_input_of_the_same_modality_is_taken(first):
    found = with_parts({"inputs": {"photo": {"encoder": {"from": str(first[1])}}}})
    assert found["inputs"]["photo"]["encoder"]["input"] == "picture"


def test_a_run_goes_on_only_with_the_weights_it_started_from(first, tmp_path):
    table, source = first
    inputs = {"picture": {"encoder": {"from": str(source), "freeze": True}}}
    run(table, tmp_path / "run", inputs=inputs)
    other = run(
        table,
        tmp_path / "other",
        dim=16,
        inputs={"picture": {"width": 8}},
        training={**PLAIN, "seed": 1},
    )
    inputs["picture"]["encoder"]["from"] = str(other.folder)
    with pytest.raises(ResumeError):
        run(table, tmp_path / "run", inputs=inputs)
