"""Values from memory as columns, and the hash of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from polymodal.core.errors import DataError, RecipeError


def to_columns(source: Any, name: str) -> pa.Table:
    """Returns a dict of columns, a list of dicts, a pandas or a pyarrow table as the last of these.

    Raises:
        DataError: columns differ in length or hold mixed types, or there are no rows.
        RecipeError: it is none of these.
    """
    if isinstance(source, pa.Table):
        data = source
    elif hasattr(source, "to_dict") and hasattr(source, "columns"):  # pandas, never imported here
        data = pa.table({str(c): to_array(str(c), list(source[c])) for c in source.columns})
    elif isinstance(source, Mapping):
        data = _from_columns(source, name)
    elif isinstance(source, list) and source and all(isinstance(r, Mapping) for r in source):
        columns = dict.fromkeys(str(key) for record in source for key in record)
        data = pa.table({c: to_array(c, [record.get(c) for record in source]) for c in columns})
    else:
        raise RecipeError(
            "read needs a path, a dict of columns, a list of dicts, or a pandas or pyarrow table. "
            f"Got {type(source).__name__}. Convert it to one of these.")
    if not data.num_rows:
        raise DataError("holds no rows.", "Add rows.", path=name, reason="empty_table")
    return data


def _from_columns(source: Mapping, name: str) -> pa.Table:
    arrays = {str(c): to_array(str(c), values) for c, values in source.items()}
    lengths = {c: len(array) for c, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"needs columns of one length. Got {lengths}.",
                        "Give each column one value for each row.", path=name,
                        reason="ragged")
    return pa.table(arrays)


def to_array(name: str, values: Sequence[Any] | np.ndarray) -> pa.Array:
    """Returns a column of Python values, numpy arrays, paths or None as a pyarrow array.

    Raises:
        DataError: the values have no common type.
    """
    if isinstance(values, np.ndarray) and values.ndim > 1:
        values = list(values)
    if not isinstance(values, np.ndarray):
        values = [_storable(value) for value in values]
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DataError(f"holds values that are no column: {error}.",
                        "Use one type: texts, numbers, bytes, paths, or lists of them.",
                        column=name, reason="mixed_types") from error


def _storable(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.ndarray) and value.ndim > 1:
        return value.tolist()
    return value


class _Hashing:
    """A file that keeps only the hash of what is written."""

    closed = False

    def __init__(self, digest: Any):
        self._digest = digest

    def write(self, content: Any) -> int:
        self._digest.update(content)
        return len(content)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def hash_columns(digest: Any, table: pa.Table) -> None:
    """Adds names, types and content of a table to a hash from `hashlib`, copying nothing."""
    with pa.PythonFile(_Hashing(digest), "w") as sink, pa.ipc.new_stream(
        sink, table.schema.remove_metadata()
    ) as writer:
        for batch in table.replace_schema_metadata(None).to_batches():
            writer.write_batch(batch)
