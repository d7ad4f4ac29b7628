"""Schemas of pieces, joined."""

from __future__ import annotations

import pyarrow as pa
import pytest

from polymodal.core.errors import DataError
from polymodal.tables.schema import merge_schemas


def merged(*kinds):
    return merge_schemas(pa.schema([("x", kind)]) for kind in kinds).field("x").type


def test_types_widen():
    assert merged(pa.null(), pa.int64(), pa.float64()) == pa.float64()
    assert merged(pa.list_(pa.null()), pa.list_(pa.list_(pa.int64()))) == pa.list_(
        pa.list_(pa.int64())
    )
    assert merged(pa.timestamp("s"), pa.string()) == pa.string()
    assert merged(pa.list_(pa.timestamp("s"))) == pa.list_(pa.string())
    struct = merged(pa.struct([("a", pa.timestamp("s"))]), pa.struct([("b", pa.int64())]))
    assert struct == pa.struct([("a", pa.string()), ("b", pa.int64())])


def test_columns_add_up():
    schemas = [pa.schema([("a", pa.int64())]), pa.schema([("b", pa.string())])]
    assert merge_schemas(schemas).names == ["a", "b"]
    assert merge_schemas([]).names == []


def test_types_that_do_not_go_together():
    with pytest.raises(
        DataError,
        match=r'^column "x" has values of type int64 in some rows and '
        r"string in others\. Write one type in the whole column\.",
    ):
        merged(pa.int64(), pa.string())
