"""A linear model is kept where a network is not worth it, and answers without an engine."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

from command_line import in_process
from polymodal import load


def write_table(path, rows, seed):
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["size", "note", "kind"])
        for row in range(rows):
            kind = int(rng.integers(2))
            words = rng.choice(["one", "two", "three", "four"], 3).tolist()
            note = " ".join([*words, ["bad", "good"][kind]])
            writer.writerow([f"{rng.normal(kind * 2):.3f}", note if row % 9 else "", "ab"[kind]])
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("linear")
    write_table(folder / "train.csv", 240, 0)
    write_table(folder / "test.csv", 120, 1)
    return folder


@pytest.fixture(scope="module")
def said(folder):
    return json.loads(
        in_process(
            "train",
            "--data",
            folder / "train.csv",
            "--test",
            folder / "test.csv",
            "--target",
            "kind",
            "--out",
            folder / "run",
            "--set",
            "training.epochs=1",
            "--set",
            "inputs.note.modality=text",
            "--keep",
            "better",
            "--json",
        ).stdout
    )


def test_a_linear_model_that_is_better_is_kept(folder, said):
    assert said["kept"].startswith("logistic regression on ")
    assert said["test"]["metrics"]["accuracy"] > 0.9
    assert said["keeping"]["split"] == "val"
    metrics = json.loads((folder / "run" / "metrics.json").read_text())
    assert metrics["kept"] == said["kept"]
    assert metrics["simple"]["as_good"]
    assert metrics["simple"]["models"][said["kept"]]["metrics"]["accuracy"] == pytest.approx(
        said["test"]["metrics"]["accuracy"]
    )


def test_the_bundle_scores_predicts_and_explains_as_it_says(folder, said):
    run = load(folder / "run")
    found = run.evaluate(folder / "test.csv", sets=0.9)
    assert found["metrics"] == pytest.approx(said["test"]["metrics"])
    assert 0.8 < found["sets"]["coverage"] <= 1
    (row,) = run.predict([{"note": "four bad bad"}], sets=0.9)
    assert (row["prediction"], row["set"]) == ("a", ["a"])
    assert run.predict([{"size": 6.0}])[0]["prediction"] == "b"
    why = run.explain(folder / "test.csv", rows=[2], against=folder / "train.csv")
    assert why.rows[0].nearest[0]["label"] == why.rows[0].prediction
    assert why.shares["note"] > why.shares["tabular"]
    assert why.rows[0].parts["note"]["kind"] == "words"


def test_report_card_and_check_say_what_it_is(folder, said):
    for name in ("MODEL_CARD.md", "report.html"):
        text = (folder / "run" / name).read_text()
        assert "a linear model and no network" in text
        assert f"{said['keeping']['rows']} rows of val decided" in text
    in_process("report", folder / "run")
    checked = json.loads(in_process("check", folder / "run", "--json").stdout)
    assert checked["linear"] == said["kept"]


def test_no_engine_is_loaded_to_answer(folder, said):
    code = (
        "import sys; from polymodal.cli.app import app; "
        "app(sys.argv[1:], standalone_mode=False); "
        "assert 'keras' not in sys.modules and 'sklearn' not in sys.modules"
    )
    out = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            "predict",
            str(folder / "run"),
            "--input",
            "note=two good",
            "--json",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(out.stdout)["prediction"] == "b"


def test_the_network_comes_back_where_it_is_asked_for(folder, said):
    again = in_process(
        "train",
        "--data",
        folder / "train.csv",
        "--test",
        folder / "test.csv",
        "--target",
        "kind",
        "--out",
        folder / "run",
        "--set",
        "training.epochs=1",
        "--set",
        "inputs.note.modality=text",
        "--json",
    )
    assert json.loads(again.stdout)["kept"] == "joint"
    assert "linear" not in json.loads((folder / "run" / "model.json").read_text())
