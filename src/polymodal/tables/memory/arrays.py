"""Values from memory as columns, and the hash of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from polymodal.core.errors import DataError, RecipeError
from polymodal.tables.memory.array_media import as_file


def to_columns(source: Any, name: str) -> pa.Table:
    """Returns rows in memory as a pyarrow table: one rule for all that takes them.

    Args:
        source: a dict of columns (lists, tuples, arrays, Series of pandas); a dict of which a value
            is none of these, which is one row; a list of dicts; or a table of pandas, polars,
            pyarrow or Hugging Face's datasets.
        name: str, shown in messages.

    Raises:
        DataError: columns differ in length or hold mixed types, or there are no rows.
        RecipeError: it is none of these.
    """
    if isinstance(source, Mapping):
        data = _from_mapping(source, name)
    elif isinstance(source, list | tuple) and all(isinstance(row, Mapping) for row in source):
        data = _from_rows(source)
    elif _is_table(source):
        data = _from_table(source, name)
    else:
        raise RecipeError(
            "read needs a path, a dict of columns, a list of dicts, or a pandas or pyarrow table. "
            f"Got {type(source).__name__}. Convert it to one of these."
        )
    if not data.num_rows:
        raise DataError("has no rows.", "Add rows.", path=name, reason="empty_table")
    return data


def _is_table(source: Any) -> bool:
    return isinstance(source, pa.Table | pa.RecordBatch | pa.RecordBatchReader) or (
        hasattr(source, "to_dict")
        and (hasattr(source, "columns") or hasattr(source, "column_names"))
    )


def _from_table(source: Any, name: str) -> pa.Table:
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if isinstance(source, pa.RecordBatchReader):
        return source.read_all()
    names = list(source.columns if hasattr(source, "columns") else source.column_names)
    twice = sorted(str(c) for c, count in Counter(names).items() if count > 1)
    if twice:
        raise DataError(
            f"has more than one column named {', '.join(twice)}.",
            "Give each column a name of its own.",
            path=name,
            reason="duplicate_columns",
        )
    return pa.table({str(c): to_array(str(c), list(source[c])) for c in names})


def _from_mapping(source: Mapping, name: str) -> pa.Table:
    tables = [str(key) for key, value in source.items() if _is_table(value)]
    if tables:
        raise RecipeError(
            f"read needs one table. Got a dict of tables: {', '.join(tables)}. "
            f"Give one of them, such as {tables[0]}."
        )
    if source and not all(map(_is_column, source.values())):
        return _from_rows([source])
    arrays = {str(c): to_array(str(c), values) for c, values in source.items()}
    lengths = {c: len(array) for c, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            f"needs columns of one length. Got {lengths}.",
            "Give each column one value for each row.",
            path=name,
            reason="ragged",
        )
    return pa.table(arrays)


def _from_rows(rows: Sequence[Mapping]) -> pa.Table:
    columns = dict.fromkeys(key for row in rows for key in row)
    return pa.table({str(c): to_array(str(c), [row.get(c) for row in rows]) for c in columns})


def _is_column(value: Any) -> bool:
    """Returns whether a value of a dict holds one cell for each row; the others are one cell."""
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping):
        return False
    if isinstance(value, list | tuple | range | pa.Array | pa.ChunkedArray):
        return True
    # Series, Index, Categorical, arrays and tensors, whose packages are never imported here.
    return (
        getattr(value, "ndim", None) != 0
        and hasattr(value, "__len__")
        and (hasattr(value, "__array__") or hasattr(value, "to_numpy"))
    )


def to_array(name: str, values: Any) -> pa.Array:
    """Returns a column of Python values, numpy arrays, paths or None as a pyarrow array.

    Args:
        name: str, the column, for messages.
        values: what has a length and one cell for each row: list, array, Series, tensor.

    Raises:
        DataError: the values have no common type.
    """
    if isinstance(values, pa.Array):
        return values
    if isinstance(values, pa.ChunkedArray):
        if values.num_chunks:
            return pa.concat_arrays(values.chunks)
        return pa.array([], values.type)
    if (
        not isinstance(values, np.ndarray | list)
        and hasattr(values, "__array__")
        and not hasattr(values, "iloc")
    ):
        values = np.asarray(values)  # a tensor: its items would be tensors
    try:
        if not isinstance(values, np.ndarray) or values.ndim > 1 or values.dtype == object:
            values = [_storable(value) for value in values]
        elif values.dtype == np.float16:
            values = values.astype(np.float32)
        return pa.array(values, from_pandas=True)
    except DataError as error:
        raise error.at(column=name) from None
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
        pa.ArrowNotImplementedError,
        OverflowError,
        TypeError,
        ValueError,
    ) as error:
        raise DataError(
            f"has values that are no column: {error}.",
            "Use one type: texts, numbers, bytes, paths, or lists of them.",
            column=name,
            reason="mixed_types",
        ) from error


def _storable(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    value = as_file(value)
    if isinstance(value, np.ndarray) and value.ndim != 1:
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
    with (
        pa.PythonFile(_Hashing(digest), "w") as sink,
        pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer,
    ):
        for batch in table.replace_schema_metadata(None).to_batches():
            writer.write_batch(batch)
