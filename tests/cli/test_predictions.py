"""The command predict: what it writes, what it refuses, and what it says of rows that fail."""

from __future__ import annotations

import csv
import json

import pytest

from command_line import in_process, polymodal


def table(folder, name, *rows, header="x,note"):
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_tables_own_columns_stay_and_ours_take_another_name(spoken):
    data = table(
        spoken.folder,
        "own.csv",
        "1.50,mine,warm,kept",
        "-2,,cold,",
        header="x,error,note,predicted_label",
    )
    done = in_process(
        "predict", spoken.run, "--data", data, "--out", spoken.folder / "own-p.csv", "--json"
    )
    assert (
        '"predicted_label_2" instead of "predicted_label", "error_2" instead of "error"'
        in done.stderr
    )
    rows = read(spoken.folder / "own-p.csv")
    assert list(rows[0]) == [
        "x",
        "error",
        "note",
        "predicted_label",
        "predicted_label_2",
        "probability_no",
        "probability_yes",
        "error_2",
    ]
    assert json.loads(done.stdout)["columns"] == list(rows[0])[4:]
    assert [row["error"] for row in rows] == ["mine", ""]
    assert [row["x"] for row in rows] == ["1.50", "-2"]
    assert rows[0]["predicted_label"] == "kept"
    assert rows[0]["predicted_label_2"] in ("no", "yes")


def test_a_file_of_another_format_is_refused_before_anything_is_loaded(tmp_path):
    done = polymodal(
        "predict", tmp_path / "no-run", "--data", "t.csv", "--out", "p.xlsx", check=False
    )
    assert done.returncode == 1
    assert (
        "Error: --out needs a name that ends in .csv, .tsv, .jsonl, .ndjson, .parquet. "
        "Got p.xlsx. Write --out p.csv."
    ) in done.stderr


def test_where_no_row_can_be_predicted_the_command_fails_and_says_why(spoken):
    data = table(spoken.folder, "bad.csv", "one,", "two,", ",")
    done = in_process(
        "predict",
        spoken.run,
        "--data",
        data,
        "--out",
        spoken.folder / "bad-p.csv",
        "--json",
        check=False,
    )
    assert done.returncode == 1
    assert (
        "3 of 3 rows of bad.csv have no prediction (2 not a number, 1 no input). The error of "
        "each row is in"
    ) in done.stderr
    assert 'The first: bad.csv row 1: column "x"' in done.stderr
    assert "--skip-bad" not in done.stderr
    assert len(read(spoken.folder / "bad-p.csv")) == 3
    assert [one["prediction"] for one in json.loads(done.stdout)["predictions"]] == [None] * 3


def test_where_some_rows_fail_the_first_is_shown(spoken):
    data = table(spoken.folder, "some.csv", "1,warm", ",", "two,")
    done = in_process("predict", spoken.run, "--data", data, "--out", spoken.folder / "some-p.csv")
    assert (
        "2 of 3 rows of some.csv have no prediction (1 not a number, 1 no input). The first: "
        "some.csv row 2: every input is empty. Give at least one of note, x."
    ) in done.stderr


def test_a_table_that_lacks_one_input_is_predicted_and_one_that_lacks_all_is_not(spoken):
    data = table(spoken.folder, "half.csv", "warm", "cold", header="note")
    done = in_process("predict", spoken.run, "--data", data, "--out", spoken.folder / "half-p.csv")
    assert 'Warning: half.csv has no column "x". It counts as missing in every row.' in done.stderr
    rows = read(spoken.folder / "half-p.csv")
    assert "x" not in rows[0]
    assert all(row["predicted_label"] for row in rows)
    data = table(spoken.folder, "none.csv", "warm", header="notes")
    done = in_process("predict", spoken.run, "--data", data, "--out", "p.csv", check=False)
    assert done.returncode == 1
    assert 'Did you mean "notes"?' in done.stderr


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_every_format_has_every_row(spoken, suffix):
    from polymodal.tables.table import read as read_table

    data = table(spoken.folder, "all.csv", "1,warm", "-1,cold")
    in_process("predict", spoken.run, "--data", data, "--out", spoken.folder / f"all-p.{suffix}")
    written = read_table(spoken.folder / f"all-p.{suffix}")
    assert len(written) == 2
    assert written.column_names[:3] == ["x", "note", "predicted_label"]


def test_rows_in_memory_may_lack_inputs_and_name_only_known_ones(spoken):
    import polymodal as pm

    model = pm.load(spoken.run)
    one, empty = model.predict([{"note": "it was warm", "speaker": "s1"}, {"x": None}])
    assert one["prediction"] in ("no", "yes")
    assert empty["prediction"] is None
    assert "every input is empty" in empty["error"]
    with pytest.raises(pm.RecipeError, match=r'No input named "nota".*Did you mean "note"'):
        model.predict([{"x": 1, "nota": "warm"}])
    with pytest.raises(pm.RecipeError, match='No input named "nota"'):
        model.predict({"x": 1, "nota": "warm"})
