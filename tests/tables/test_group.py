"""Rows to sequences."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.tables.group import group_rows
from polymodal.tables.table import read

STEPS = {
    "video": ["b", "a", "b", "a", "b"],
    "position": ["10", "2", "9", "1", "100"],
    "word": ["p", "q", None, None, "t"],
    "empty": [None, 1, None, None, None],
}


def test_steps_are_ordered_by_number():
    table = group_rows(read(STEPS), "video", "position")
    assert len(table) == 2
    assert table.row(0) == {
        "video": "b",
        "position": ["9", "10", "100"],
        "word": [None, "p", "t"],
        "empty": None,
    }
    assert [rows.tolist() for rows in table.members] == [[2, 0, 4], [3, 1]]
    assert table.members[-1].tolist() == [3, 1]
    assert [rows.tolist() for rows in table.members[:1]] == [[2, 0, 4]]
    assert table.row_number(0) == 3


def test_order_by_text_and_by_row():
    steps = {"k": [1, 1, 1], "name": ["c", "b10", "a"]}
    assert group_rows(read(steps), "k", "name").cell(0, "name") == ["a", "b10", "c"]
    assert group_rows(read(steps), "k").cell(0, "name") == ["c", "b10", "a"]


def test_selection_and_added_columns():
    table = group_rows(read(STEPS), "video", "position").with_column("part", ["train", "val"])
    part = table.select([1])
    assert part.row(0) == {
        "video": "a",
        "position": ["1", "2"],
        "word": [None, "q"],
        "empty": [None, 1],
        "part": "val",
    }
    assert part.row_ids.tolist() == [1]
    assert part.column_names == [*STEPS, "part"]
    assert part.data.column("position").to_pylist() == [["1", "2"]]
    with pytest.raises(IndexError, match=r"has 1 sequences\. Got index 1"):
        part.cell(1, "word")
    assert len(part.select([])) == 0


def test_grouping_a_selection_keeps_row_numbers_of_the_file():
    table = group_rows(read(STEPS).select([1, 3, 4]), "video", "position")
    assert table.cell(0, "position") == ["1", "2"]
    assert table.row_number(0) == 4


def test_copy_and_fingerprint():
    table = group_rows(read(STEPS), "video", "position")
    copy = pickle.loads(pickle.dumps(table))
    assert copy.row(1) == table.row(1)
    assert copy.fingerprint == table.fingerprint != table.select([0]).fingerprint
    assert table.fingerprint != table.with_column("n", [1, 2]).fingerprint


def test_missing_key_or_position_names_the_row():
    steps = {"k": ["a", None], "n": [1, None]}
    with pytest.raises(
        DataError,
        match=r'^table row 2: column "k" is empty, but states which '
        r"sequence it belongs to\. Fill it",
    ):
        group_rows(read(steps), "k")
    with pytest.raises(DataError, match=r'row 2: column "n" is empty, but states its position'):
        group_rows(read({"k": ["a", "a"], "n": [1, None]}), "k", "n")


def test_two_steps_at_one_position():
    with pytest.raises(
        DataError,
        match=r'^table row 3: column "n" has 1 for k a, as row 1 '
        r"does\. Give each step of a sequence its own position",
    ):
        group_rows(read({"k": ["a", "b", "a"], "n": [1, 1, 1]}), "k", "n")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-99, 99)), min_size=1, unique=True))
def test_every_row_is_in_one_sequence_and_in_order(steps):
    keys, positions = [k for k, _ in steps], [p for _, p in steps]
    table = group_rows(read({"k": keys, "p": positions}), "k", "p")
    assert sorted(row for rows in table.members for row in rows) == list(range(len(steps)))
    assert list(table.values("k")) == list(dict.fromkeys(keys))
    for i, rows in enumerate(table.members):
        assert {keys[row] for row in rows} == {table.cell(i, "k")}
        assert table.cell(i, "p") == sorted(positions[row] for row in rows)


def test_utterances_of_real_videos(shared_data):
    table = group_rows(read(shared_data / "mosi" / "val.parquet"), "video", "position")
    assert sum(len(rows) for rows in table.members) == 380
    for row in range(len(table)):
        assert table.cell(row, "position") == sorted(table.cell(row, "position"))
        assert len(table.cell(row, "text_features")) == len(table.cell(row, "sentiment"))
