"""An encoder and a fusion from outside the package, from a recipe to a bundle in use."""

from __future__ import annotations

import numpy as np
import pytest

import plugin_folder
from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.plugins import use_plugins
from polymodal.inference.predictor import load
from polymodal.recipe.recipe import from_dict
from polymodal.tables.table import read
from polymodal.training.run import train


@pytest.fixture
def folder(tmp_path):
    path = plugin_folder.write(tmp_path / "mine")
    use_plugins(path)
    yield path
    use_plugins(None)


def pictures(rows=16):
    rng = np.random.default_rng(0)
    return read(
        {
            "picture": [
                rng.integers(0, 99, (8, 8, 3)).astype("uint8") + 150 * (row % 2)
                for row in range(rows)
            ],
            "size": rng.normal(size=rows),
            "name": ["dark", "bright"] * (rows // 2),
        }
    )


def test_parts_from_outside_train_and_answer(folder, tmp_path):
    given = {
        "target": "name",
        "dim": 16,
        "fusion": "stacked",
        "inputs": {"picture": {"encoder": "lines", "activation": "relu"}, "size": {}},
        "training": {"epochs": 2, "learning_rate": 0.01, "precision": "float32"},
    }
    run = train({"train": pictures()}, given, tmp_path / "run", baselines=False, split="random")
    assert type(run.predictor.model.encoders["picture"]).__name__ == "Lines"
    recipe = run.predictor.recipe.to_dict()
    assert list(recipe["plugins"]) == ["encoders.lines", "fusion.stacked"]
    rows = pictures(4)
    before = run.predictor.predict(rows).outputs
    assert np.allclose(load(tmp_path / "run").predict(rows).outputs, before, atol=1e-5)

    use_plugins(None)
    with pytest.raises(BundleError, match=r"needs the plugin encoders/lines\.py\. Got none\. Sup"):
        load(tmp_path / "run")
    with pytest.raises(RecipeError, match=r"needs the plugin encoders/lines\.py\. Got none"):
        from_dict(recipe)

    (folder / "encoders" / "lines.py").write_text(plugin_folder.ENCODER + "\n")
    use_plugins(folder)
    with pytest.raises(BundleError, match=r"needs the plugin encoders/lines\.py as it was"):
        load(tmp_path / "run")
