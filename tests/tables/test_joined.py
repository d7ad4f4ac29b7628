"""Rows of several tables as those of one."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.tables.joined import Joined
from polymodal.tables.table import read


def both():
    one = read({"x": ["a", "b", "c"], "y": [1, 2, 3]}, name="one.csv")
    return Joined([one, read({"x": ["d", None], "z": [0, 0]}, name="more.csv")])


def test_cells_come_from_each_table_in_turn():
    table = both()
    assert len(table) == 5
    assert table.column_names == ["x", "y"]
    assert list(table.values("x")) == ["a", "b", "c", "d", None]
    assert list(table.values("y")) == [1, 2, 3, None, None]
    assert table.row(3) == {"x": "d", "y": None}


def test_rows_are_named_as_in_their_own_table():
    table = both().select([4, 1])
    assert [(table.name_of(row), table.row_number(row)) for row in (0, 1)] == [
        ("more.csv", 2),
        ("one.csv", 2),
    ]
    assert [(one.name, len(one)) for one in table.sources()] == [("one.csv", 1), ("more.csv", 1)]
    assert list(table.values("x")) == [None, "b"]
    assert table.row_ids.tolist() == [4, 1]


def test_a_selection_of_a_selection_is_of_the_same_rows():
    table = both().select([3, 2, 0]).select(np.array([True, False, True]))
    assert list(table.values("x")) == ["d", "a"]
    assert [piece.to_pylist() for piece in table.pieces("x")] == [["a"], ["d"]]


def test_what_it_holds_decides_its_fingerprint():
    one = read({"x": ["a"]})
    found = [Joined([one, read({"x": [text]})]).fingerprint for text in ("b", "b", "c")]
    assert found[0] == found[1] != found[2]
    assert both().select([0]).fingerprint != both().select([1]).fingerprint


def test_a_column_that_the_first_lacks_is_refused():
    with pytest.raises(RecipeError, match="z"):
        both().cell(0, "z")
    with pytest.raises(RecipeError, match="z"):
        list(both().values("z"))


def test_columns_can_be_added_and_it_survives_pickling():
    table = pickle.loads(pickle.dumps(both().with_column("n", [1, 2, 3, 4, 5])))
    assert table.select([4, 0]).row(0) == {"x": None, "y": None, "n": 5}
    assert table.data.num_rows == 5
