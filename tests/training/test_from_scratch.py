"""A run with imported encoders is compared with one that has none."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

import oracles
import polymodal as pm
from command_line import in_process
from polymodal.training.from_scratch import without_imports

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of an imported text encoder."""
    folder = oracles.save(oracles.text_model("bert"), tmp_path_factory.mktemp("bert"))
    out = tmp_path_factory.mktemp("models") / "tiny"
    pm.import_model(folder, out)
    return out


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "size", "note", "stars"])
        for row in range(60):
            stars = ("good", "bad")[row % 2]
            words = rng.choice(["a", "on", "the", "beach"], 4).tolist()
            words.append({"good": "dog", "bad": "cat"}[stars])
            writer.writerow([" ".join(words), round(float(rng.normal()), 3), row, stars])
    return path


def train(table, out, *flags):
    done = in_process(
        "train",
        "--data",
        table,
        "--target",
        "stars",
        "--out",
        out,
        "--ignore",
        "note",
        "--set",
        "training.epochs=1",
        "--set",
        "dim=16",
        *flags,
    )
    return done, json.loads((out / "metrics.json").read_text())


def test_an_imported_encoder_is_compared_with_training_from_scratch(model, table, tmp_path):
    done, found = train(table, tmp_path / "run", "--pretrained", f"text={model}")
    found = found["from_scratch"]
    assert found["sentence"] in done.stdout
    simple = json.loads((tmp_path / "run" / "metrics.json").read_text())["simple"]["models"]
    (vectors,) = (one for name, one in simple.items() if "vectors of a frozen encoder" in name)
    assert vectors["n"] == found["models"]["the same inputs from scratch"]["n"]
    assert any("n-grams" in name for name in simple)
    assert "from scratch" in found["heading"]
    assert 0 <= found["models"]["the same inputs from scratch"]["metrics"]["accuracy"] <= 1
    assert found["sentence"].replace("%", "") in (
        tmp_path / "run" / "report.html"
    ).read_text().replace("%", "")
    own = (tmp_path / "run" / "baselines" / "from_scratch" / "recipe.yaml").read_text()
    assert str(model) not in own
    assert "note" not in own


def test_without_baselines_nothing_is_compared(model, table, tmp_path):
    _, found = train(table, tmp_path / "run", "--pretrained", f"text={model}", "--no-baselines")
    assert found["from_scratch"] == {}
    assert not (tmp_path / "run" / "baselines").exists()


def test_settings_of_an_imported_encoder_are_left_out(model):
    given = {
        "target": "stars",
        "inputs": {"text": {"encoder": {"from": str(model), "lora": 8}, "max_pieces": 12}, "*": {}},
    }
    recipe = SimpleNamespace(
        inputs={
            "text": {"modality": "text", "column": "words", "encoder": {"from": "x"}},
            "columns": {"modality": "tabular", "columns": ["size"], "encoder": "tabular"},
        }
    )
    assert without_imports(given, recipe)["inputs"] == {
        "text": {"column": "words"},
        "columns": {"modality": "tabular", "columns": ["size"]},
    }
    assert without_imports({"target": "stars"}, recipe) is None
