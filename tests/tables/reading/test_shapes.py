"""The shapes of a column's cells."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from polymodal.tables.reading.numbers import NumberFormat
from polymodal.tables.reading.shapes import MOST_SHAPES, is_plain_instead, shapes
from polymodal.tables.table import Table, read


def test_cells_of_one_shape_are_counted_together():
    found = shapes(read({"c": ["$1.50", "$2.75", " ", None, "$10.00", "x"]}), "c")
    assert found == {"$1.50": 2, "$10.00": 1, "x": 1}


def test_plain_numbers_are_counted_the_fast_way():
    found = shapes(read({"c": ["1", "2.5", "-3e4", ""]}), "c")
    assert found.total() == 3
    assert "-3e4" in found


def test_only_the_rows_of_the_table_count():
    chunks = pa.chunked_array([["$1", "$2"], ["5 €", "$3"], ["6 €"]])
    table = Table(pa.table({"c": chunks}))
    assert shapes(table.select([4, 0, 1]), "c") == {"$1": 2, "6 €": 1}
    assert shapes(table.select(np.array([2])), "c") == {"5 €": 1}


def test_texts_have_too_many_shapes():
    texts = ["a" * (row % 60 + 1) + "b" * (row // 60) for row in range(2 * MOST_SHAPES)]
    assert shapes(read({"c": texts}), "c") is None
    assert shapes(read({"c": [1, 2]}), "c") is None


def test_plain_numbers_in_place_of_marked_ones():
    euros = NumberFormat(",", ".", "€")
    assert is_plain_instead(read({"c": ["12.5", "1.234", "-"]}), "c", euros)
    assert not is_plain_instead(read({"c": ["1.234", "5"]}), "c", euros)
    assert not is_plain_instead(read({"c": ["12.5", "12,5"]}), "c", euros)
