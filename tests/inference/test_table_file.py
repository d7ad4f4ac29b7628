"""The file of predictions: what the table holds stays, what the model says comes next to it."""

from __future__ import annotations

import csv
import json
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import PolymodalError, RecipeError
from polymodal.inference.table_file import (
    answer_names,
    check_table_file,
    guarded,
    write_predictions_table,
)
from polymodal.tables.table import read
from polymodal.tasks.multilabel import MultilabelTarget

OWN = {
    "error": ["mine", "007", None],
    "x": ["a, b", "1.50", "=1+1"],
    "predicted_y": ["1", "2", "3"],
}


def predictor(target="y"):
    return SimpleNamespace(
        recipe=SimpleNamespace(target=target, inputs={}),
        target=None,
        inputs=[SimpleNamespace(columns=["x"])],
    )


def classes(labels=("no", "yes")):
    """Predictions for the first two of three rows."""
    return Predictions(
        task_named("classification"),
        list(labels),
        np.array([0, 1]),
        np.array([[0.25, 0.75], [1, 0]]),
        None,
        np.zeros(2, bool),
        ["x"],
        np.ones((2, 1), bool),
        errors={2: "t row 3: cannot be read."},
        num_rows=3,
    )


def texts(*said):
    return Predictions(
        task_named("caption"),
        [],
        np.arange(len(said)),
        np.array(said, object),
        None,
        np.zeros(len(said), bool),
        ["x"],
        np.ones((len(said), 1), bool),
        num_rows=len(said),
    )


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


@pytest.mark.parametrize("suffix", [".csv", ".TSV", ".jsonl", ".ndjson", ".parquet"])
def test_columns_of_the_table_stay_as_they_are(tmp_path, suffix):
    path = tmp_path / f"p{suffix}"
    names = write_predictions_table(path, predictor(), read(OWN), classes())
    assert names == {
        "predicted_y": "predicted_y_2",
        "probability_no": "probability_no",
        "probability_yes": "probability_yes",
        "error": "error_2",
    }
    if suffix == ".parquet":
        written = pq.read_table(path).to_pylist()
    elif suffix in (".csv", ".TSV"):
        header, *cells = rows_of(path.rename(tmp_path / f"q{suffix.lower()}"))
        written = [
            {name: cell or None for name, cell in zip(header, row, strict=True)} for row in cells
        ]
    else:
        written = [json.loads(line) for line in path.read_text().splitlines()]
    assert list(written[0]) == [*OWN, *names.values()]
    assert [{name: row[name] for name in OWN} for row in written] == [
        dict(zip(OWN, row, strict=True)) for row in zip(*OWN.values(), strict=True)
    ]
    assert [row["predicted_y_2"] for row in written] == ["yes", "no", None]
    assert float(written[0]["probability_yes"]) == 0.75
    assert [row["error_2"] for row in written] == [None, None, "t row 3: cannot be read."]


def test_added_names_never_meet():
    taken = ["probability_a", "probability_a_3", "error"]
    found = answer_names(taken, "y", ["a", "a_2"])
    assert found["probability_a"] == "probability_a_4"
    assert found["probability_a_2"] == "probability_a_2"
    assert len({*found.values(), *taken}) == len(found) + len(taken)
    assert answer_names(["x"], "y", []) == {"predicted_y": "predicted_y", "error": "error"}


@pytest.mark.parametrize("name", ["p.xlsx", "p", "p.csv.gz", "p.json"])
def test_a_name_that_says_another_format_is_refused(tmp_path, name):
    with pytest.raises(RecipeError, match=r"ends in \.csv, \.tsv, \.jsonl.*\.parquet\. Got p"):
        check_table_file(tmp_path / name)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(PolymodalError, match="needs to be a file"):
        check_table_file(tmp_path / "folder.csv")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+a", "-a", "@a", "\ta", "\ra", "\n=a", "\uff1dSUM(A1)", "- 5", "=", "-1+1", "--5"],
)
def test_texts_that_a_spreadsheet_would_run_are_guarded(text):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize(
    "value", ["a = b", "-5", "+5.25", "-1,234.5", "-.5e-3", "-5%", "", -5.0, None, "'=a", " =a"]
)
def test_numbers_and_other_texts_stay(value):
    assert guarded(value) == value


def test_texts_of_a_model_are_guarded_and_those_of_the_table_are_not(tmp_path):
    table = read({"x": ["=1+1", "b", "c"], "y": ["@home", None, None]})
    said = texts("=cmd|' /C calc'!A0", "-5", "a dog")
    write_predictions_table(tmp_path / "p.csv", predictor(), table, said)
    _, *cells = rows_of(tmp_path / "p.csv")
    assert [row[2] for row in cells] == ["'=cmd|' /C calc'!A0", "-5", "a dog"]
    assert cells[0][:2] == ["=1+1", "@home"]
    write_predictions_table(tmp_path / "p.jsonl", predictor(), table, said)  # no spreadsheet's
    first = json.loads((tmp_path / "p.jsonl").read_text().splitlines()[0])
    assert first["predicted_y"] == "=cmd|' /C calc'!A0"


def test_labels_are_written_as_in_the_table(tmp_path):
    write_predictions_table(tmp_path / "p.csv", predictor(), read(OWN), classes(["-", "+1 a"]))
    assert [row[3] for row in rows_of(tmp_path / "p.csv")[1:]] == ["+1 a", "-", ""]


@pytest.mark.parametrize("separator", ["|", ";", ","])
def test_labels_are_joined_as_in_the_target_column(tmp_path, separator):
    found = Predictions(
        task_named("multilabel"),
        ["a", "b"],
        np.array([0, 1]),
        np.array([[0.75, 0.75], [0.25, 0.0]]),
        None,
        np.zeros(2, bool),
        ["x"],
        np.ones((2, 1), bool),
        errors={2: "t row 3: cannot be read."},
        num_rows=3,
    )
    model, path = predictor(), tmp_path / "p.csv"
    model.target = MultilabelTarget(separator)
    write_predictions_table(path, model, read({"x": ["1", "2", "3"]}), found)
    assert [row[1] for row in rows_of(path)] == ["predicted_y", f"a{separator}b", "", ""]
    write_predictions_table(tmp_path / "p.jsonl", model, read({"x": ["1", "2", "3"]}), found)
    written = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert [row["predicted_y"] for row in written] == [["a", "b"], [], None]
