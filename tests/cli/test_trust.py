"""Calibrated probabilities and sets of answers, from training to a file of predictions."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import polymodal as pm
from command_line import in_process
from polymodal.bundle.read import read
from polymodal.core.errors import BundleError

SETTINGS = (
    "--set",
    "training.epochs=25",
    "--set",
    "training.learning_rate=0.03",
    "--set",
    "training.early_stopping=false",
    "--set",
    "inputs.note.modality=text",
    "--set",
    "inputs.note.encoder=bag",
    "--set",
    "training.batch_size=64",
    "--set",
    "training.jit=false",
    "--set",
    "training.precision=float32",
)


def write_table(path, rows, seed):
    """Writes rows whose label can only be guessed: a model that trains for long is too sure."""
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["size", "note", "speaker", "label"])
        for _ in range(rows):
            yes = rng.random() < 0.5
            words = rng.choice(["warm", "cold", "wet", "dry", "late"], 4)
            if rng.random() < 0.4:
                words[0] = "bright" if yes else "dark"
            writer.writerow(
                [
                    f"{rng.normal(0.6 if yes else -0.6):.3f}",
                    " ".join(words),
                    f"s{rng.integers(3)}",
                    "yes" if yes else "no",
                ]
            )
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trust")
    for seed, (name, rows) in enumerate({"train": 150, "val": 240, "test": 240}.items()):
        write_table(folder / f"{name}.csv", rows, seed)
    return folder


def train(folder, *options):
    return json.loads(
        in_process(
            "train",
            "--data",
            folder / "train.csv",
            "--val",
            folder / "val.csv",
            "--test",
            folder / "test.csv",
            "--target",
            "label",
            "--ignore",
            "speaker",
            "--out",
            folder / "run",
            "--no-baselines",
            *SETTINGS,
            "--json",
            *options,
        ).stdout
    )


@pytest.fixture(scope="module")
def run(folder):
    return train(folder)


def test_calibration_halves_the_error_and_the_report_says_so(folder, run):
    trust = run["trust"]
    before, after = trust["calibration"]["shown"]["calibration_error"]
    assert before > 0.07
    assert after < before / 2
    loss = trust["calibration"]["shown"]["log_loss"]
    assert loss[1] < loss[0]
    assert run["test"]["metrics"]["calibration_error"] == pytest.approx(after)
    assert {tuple(one["present"]) for one in trust["calibration"]["patterns"]} == {
        (0, 1),
        (1, 0),
        (1, 1),
    }
    page = (folder / "run" / "report.html").read_text()
    assert trust["notes"][0] in page
    assert "Before calibration" in page
    assert (folder / "run" / "plots" / "uncalibrated.png").is_file()


def test_the_bundle_gives_the_same_numbers(folder, run):
    out = in_process(
        "evaluate",
        folder / "run",
        "--data",
        folder / "test.csv",
        "--sets",
        "0.9",
        "--sets-by",
        "speaker",
        "--json",
    )
    found = json.loads(out.stdout)
    assert found["metrics"]["log_loss"] == pytest.approx(
        run["test"]["metrics"]["log_loss"], rel=1e-6
    )
    for name, pair in run["trust"]["calibration"]["shown"].items():
        assert found["calibration"][name] == pytest.approx(pair, rel=1e-4)
    assert found["sets"]["coverage"] == pytest.approx(0.9, abs=0.06)
    assert set(found["sets"]["by"]) == {"s0", "s1", "s2"}
    text = in_process("evaluate", folder / "run", "--data", folder / "test.csv", "--sets", "0.9")
    assert "calibration: log loss" in text.stdout
    assert "coverage" in text.stdout


def test_predictions_have_a_set_for_each_row(folder, run):
    in_process(
        "predict",
        folder / "run",
        "--data",
        folder / "test.csv",
        "--sets",
        "0.9",
        "--out",
        folder / "p.csv",
    )
    with open(folder / "p.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    held = [row["label"] in row["set_label"].split("|") for row in rows]
    assert np.mean(held) == pytest.approx(run["trust"]["sets"]["coverage"])
    one = json.loads(
        in_process(
            "predict", folder / "run", "--input", "note=warm", "--sets", "0.99", "--json"
        ).stdout
    )
    assert set(one["set"]) == {"yes", "no"}
    model = pm.load(folder / "run")
    assert model.predict([{"note": "warm"}], sets=0.99)[0]["set"] == one["set"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sets", "1.5"], "--sets needs 0 < level < 1. Got 1.5."),
        (["--sets-by", "speaker"], "--sets-by needs --sets with a level."),
        (["--sets", "0.9", "--sets-by", "note"], '--sets-by: No column named "note"'),
    ],
)
def test_sets_that_cannot_be_made_are_refused(folder, run, options, said):
    done = in_process(
        "evaluate", folder / "run", "--data", folder / "test.csv", *options, check=False
    )
    assert done.returncode == 1
    assert said in done.stderr


def test_calibration_can_be_turned_off_and_a_stale_file_is_gone(folder, run):
    plain = train(folder, "--set", "training.calibration=none")
    assert plain["trust"]["calibration"] is None
    assert plain["test"]["metrics"]["accuracy"] == run["test"]["metrics"]["accuracy"]
    assert plain["test"]["metrics"]["calibration_error"] == pytest.approx(
        run["trust"]["calibration"]["shown"]["calibration_error"][0], abs=1e-5
    )
    assert not (folder / "run" / "calibration.json").exists()
    assert list(read(folder / "run").trust) == ["conformal.json"]
    (folder / "run" / "conformal.json").write_text("{}")
    with pytest.raises(BundleError, match=r"conformal\.json was changed"):
        pm.load(folder / "run")
