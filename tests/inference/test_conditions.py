"""Scores where inputs disagree, are noisy, short or hidden, and what each input is worth."""

import csv
import json

import numpy as np
import pytest

from command_line import in_process
from polymodal import load


def write_table(path, rows, seed):
    """The word tells the kind in nine rows of ten, the number only a little."""
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["size", "note", "kind"])
        for row in range(rows):
            kind = int(rng.integers(2))
            told = kind if rng.random() < 0.9 else 1 - kind
            words = rng.choice(["one", "two", "three", "four"], 1 + row % 5).tolist()
            note = " ".join([*words, ["bad", "good"][told]])
            writer.writerow([f"{rng.normal(kind * 0.8):.3f}", note, "ab"[kind]])
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conditions")
    write_table(folder / "train.csv", 300, 0)
    write_table(folder / "test.csv", 150, 1)
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
    )
    return folder


@pytest.fixture(scope="module")
def found(folder):
    return load(folder / "run").evaluate(folder / "test.csv")["conditions"]


def test_rows_whose_inputs_disagree_are_harder(found):
    parts = found["slices"]["inputs"]
    assert set(parts) == {"agree", "disagree"}
    right = {name: one["metrics"]["accuracy"] for name, one in parts.items()}
    assert right["agree"] > right["disagree"] + 0.1
    assert parts["agree"]["n"] + parts["disagree"]["n"] == found["n"] == 150
    assert parts["agree"]["intervals"]["accuracy"][0] <= right["agree"]


def test_short_texts_are_a_slice(found):
    parts = found["slices"]["length of note"]
    assert sorted(parts) == ["longer", "up to 3 words"]


def test_each_pattern_of_inputs_is_compared_on_the_same_rows(found):
    without = found["patterns"]["without note"]
    assert without["n"] == 150
    gap = without["difference"]
    assert gap["second"] == without["metrics"]["accuracy"]
    assert gap["first"] > gap["second"] + 0.05
    assert gap["interval"][0] > 0


def test_shares_say_what_each_input_adds_to_the_right_answer(found):
    assert sum(found["shares"].values()) == pytest.approx(1)
    assert found["shares"]["note"] > found["shares"]["tabular"]
    assert "Shapley" in found["sentences"][0]


def test_report_and_metrics_have_them(folder, found):
    kept = json.loads((folder / "run" / "metrics.json").read_text())["conditions"]
    assert kept["shares"] == pytest.approx(found["shares"])
    page = (folder / "run" / "report.html").read_text()
    assert "With inputs hidden" in page
    assert "without note" in page
    shown = in_process("evaluate", folder / "run", "--data", folder / "test.csv").stdout
    assert "by inputs" in shown
    assert "Shapley" in shown


def test_they_can_be_left_out(folder):
    assert "conditions" not in load(folder / "run").evaluate(folder / "test.csv", conditions=False)
