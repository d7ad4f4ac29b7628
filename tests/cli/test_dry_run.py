"""A dry run says what would be done and how long it takes, and writes nothing."""

import csv
import json

import numpy as np
import pytest
import yaml

from command_line import in_process


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("numbers") / "t.csv"
    rng = np.random.default_rng(0)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["size", "note", "label"])
        for size in rng.normal(size=80):
            words = rng.choice(["round", "heavy", "painted", "small", "old", "bright"], 4)
            note = f"a {words[0]} and {words[1]} thing, {words[2]} but {words[3]}"
            label = "up" if rng.random() < 0.5 + size / 4 else "down"
            writer.writerow([f"{size:.3f}", note, label])
    return path


def command(table, *more):
    return (
        "train",
        "--data",
        table,
        "--target",
        "label",
        "--set",
        "training.epochs=2",
        "--set",
        "dim=16",
        "--out",
        table.parent / "run",
        *more,
    )


def test_a_dry_run_prints_recipe_and_forecast_and_writes_nothing(table):
    done = in_process(*command(table, "--dry-run"))
    *recipe, sentence = done.stdout.strip().splitlines()
    assert yaml.safe_load("\n".join(recipe))["training"]["epochs"] == 2
    assert sentence.startswith("Expected time: ")
    assert "2 epochs; baselines " in sentence
    assert "scoring and report" in sentence
    assert "epoch 1/2" not in done.stderr
    assert [path.name for path in table.parent.iterdir()] == ["t.csv"]


def test_a_dry_run_is_one_json_object_where_asked(table):
    done = in_process(*command(table, "--dry-run", "--no-baselines", "--json"))
    found = json.loads(done.stdout)
    assert "training:" in found["recipe"]
    assert found["forecast"]["epochs"] == 2
    assert list(found["forecast"]["parts"]) == ["training", "scoring and report"]


def test_the_library_has_dry_runs_too(table, capsys):
    import polymodal as pm

    model = pm.Classifier("label", training={"epochs": 2}, dim=16)
    assert model.fit(table, dry_run=True) is model
    assert model.forecast["epochs"] == 2
    assert "training:" in model.forecast["recipe"]
    assert "Expected time: " in capsys.readouterr().err
    with pytest.raises(pm.PolymodalError, match="needs to be fitted"):
        _ = model.metrics


def test_a_run_keeps_forecast_and_actual_and_quiet_prints_results_alone(table):
    done = in_process(*command(table, "--no-baselines", "--quiet", "--json"))
    assert done.stderr == ""
    kept = json.loads((table.parent / "run" / "forecast.json").read_text())
    assert json.loads(done.stdout)["forecast"] == kept
    assert kept["actual_seconds"] > 0
    assert kept["seconds"] == pytest.approx(sum(kept["parts"].values()), abs=0.05)
