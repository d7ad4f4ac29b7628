"""Cells of every storable type, one by one and in a row."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.tables.cell_access import Cells, to_list

numbers = st.integers(-(2**40), 2**40)
nested = st.lists(st.none() | st.lists(st.none() | st.lists(st.none() | numbers)))


@given(nested)
def test_nested_lists_come_out_as_they_went_in(values):
    kind = pa.list_(pa.list_(pa.int64()))
    assert to_list(pa.array(values, kind)) == values
    assert to_list(pa.array([None, *values], kind).slice(1)) == values


@given(st.lists(st.lists(st.none() | st.text()), min_size=1))
def test_cells_of_any_chunks_agree_with_iteration(chunks):
    column = pa.chunked_array([pa.array(chunk, pa.string()) for chunk in chunks])
    cells = Cells(column)
    values = [value for chunk in chunks for value in chunk]
    expected = [value if value and not value.isspace() else None for value in values]
    assert [cells[i] for i in range(len(values))] == list(cells) == expected


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_(pa.float64(), 2)]
)
def test_kinds_of_lists(kind):
    cells = Cells(pa.chunked_array([pa.array([[9.0, 9.0], [1.0, 2.0], None], kind).slice(1)]))
    assert list(cells) == [cells[0], cells[1]] == [[1.0, 2.0], None]


def test_lists_of_fixed_grids():
    kind = pa.list_(pa.list_(pa.int32(), 2), 2)
    assert to_list(pa.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], kind)) == [
        [[1, 2], [3, 4]],
        [[5, 6], [7, 8]],
    ]
