"""One cell of a column as a Python value, without converting the rest."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

_SLICE_ROWS = 4096


class Cells:
    """Random access to the cells of one column.

    Args:
        column: pyarrow.ChunkedArray.
    """

    def __init__(self, column: pa.ChunkedArray):
        self._chunks = [_storage(chunk) for chunk in column.chunks if len(chunk)]
        lengths = [len(chunk) for chunk in self._chunks]
        self._starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).tolist() if lengths else []
        self._clean = _cleaner(column.type)
        self._is_list = _is_list(_storage_type(column.type))

    def __getitem__(self, row: int) -> Any:
        index = bisect_right(self._starts, row) - 1
        return self._clean(self._chunks[index][row - self._starts[index]])

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._chunks:
            if self._is_list:  # the fast way for lists is one by one
                yield from map(self._clean, chunk)
                continue
            for start in range(0, len(chunk), _SLICE_ROWS):
                for value in chunk.slice(start, _SLICE_ROWS).to_pylist():
                    yield _none_if_empty(value)


def _cleaner(kind: pa.DataType) -> Callable[[pa.Scalar], Any]:
    if _is_list(_storage_type(kind)):
        return lambda scalar: to_list(scalar.values) if scalar.is_valid else None
    return lambda scalar: _none_if_empty(scalar.as_py())


def _none_if_empty(value: Any) -> Any:
    if isinstance(value, str):
        if not value or value.isspace():
            return None
        return value
    if isinstance(value, float) and value != value:  # NaN is how numeric tables write "missing"
        return None
    if isinstance(value, dict) and all(part is None for part in value.values()):
        return None
    return value


def to_list(array: pa.Array) -> list:
    """Returns a pyarrow array as (nested) lists; numbers go through numpy, which is ten times
    faster than one Python object after the other.
    """
    array = _storage(array)
    if array.null_count:
        return array.to_pylist()
    if _is_list(array.type):
        flat = to_list(array.flatten())
        if pa.types.is_fixed_size_list(array.type):
            ends = range(0, len(flat) + 1, array.type.list_size)
        else:
            ends = (array.offsets.to_numpy() - array.offsets[0].as_py()).tolist()
        return [flat[start:stop] for start, stop in pairwise(ends)]
    if pa.types.is_floating(array.type) or pa.types.is_integer(array.type):
        return array.to_numpy(zero_copy_only=False).tolist()
    return array.to_pylist()


def _storage(array: pa.Array) -> pa.Array:
    if isinstance(array, pa.ExtensionArray):
        return array.storage
    return array


def _storage_type(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    return kind


def _is_list(kind: pa.DataType) -> bool:
    return (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
