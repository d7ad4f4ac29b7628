"""Parquet tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as pq

from polymodal.core.errors import DataError
from polymodal.tables.bounds import MAX_COLUMNS, MAX_DEPTH, most_unpacked, unpacks_to_more

__all__ = ["read_parquet"]

_BATCH_ROWS = 1024  # few enough that pictures in the cells fit into memory
_BATCH_BYTES = 64 << 20
_MOST_BYTES = 512 << 20  # of a batch whose rows name values of one dictionary, inside lists


def read_parquet(path: Path) -> pa.RecordBatchReader:
    """Parquet file; lists of numbers are vectors, lists of lists sequences, bytes media files."""
    try:
        file = pq.ParquetFile(path)
        schema = _checked(file, path)
        repeated, num_rows = _dictionaries(file)
        if repeated:
            file = pq.ParquetFile(path, read_dictionary=repeated)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"is not a readable Parquet file: {error}",
            "Write it again.",
            path=path.name,
            reason="unreadable_table",
        ) from error
    return pa.RecordBatchReader.from_batches(schema, _batches(file, path, schema, num_rows))


def _checked(file: pq.ParquetFile, path: Path) -> pa.Schema:
    """Returns the schema of a file whose metadata ask for no more than a table may."""
    schema, metadata = file.schema_arrow, file.metadata
    if len(schema) > MAX_COLUMNS or max(map(_depth, schema.types), default=0) > MAX_DEPTH:
        raise DataError(
            f"has more than {MAX_COLUMNS:,} columns, or lists nested more than "
            f"{MAX_DEPTH} levels deep.",
            "Write fewer columns, and flatter ones.",
            path=path.name,
            reason="unreadable_table",
        )
    most = most_unpacked(path)
    for group in range(metadata.num_row_groups):
        if metadata.row_group(group).total_byte_size > most:
            raise unpacks_to_more(path, most)
    return schema


def _depth(kind: pa.DataType) -> int:
    level, depth = [kind], 0
    while level and depth <= MAX_DEPTH:
        level = [k.field(i).type for k in level for i in range(k.num_fields)]
        depth += 1
    return depth


def _dictionaries(file: pq.ParquetFile) -> tuple[list[str], int]:
    """Returns the columns whose rows may name a few long values over and over, and how many rows
    to read at a time where such values are inside lists: a few bytes of file become gigabytes."""
    plain = {f.name for f in file.schema_arrow if _is_bytes(f.type)}
    found: dict[str, None] = {}
    num_rows, columns = _BATCH_ROWS, _byte_columns(file)
    for group in range(file.metadata.num_row_groups):
        for place in columns:
            chunk = file.metadata.row_group(group).column(place)
            size = chunk.total_uncompressed_size
            if size * _BATCH_ROWS <= _BATCH_BYTES or not chunk.has_dictionary_page:
                continue
            if chunk.path_in_schema in plain:
                found[chunk.path_in_schema] = None
            else:
                num_rows = min(num_rows, max(1, _MOST_BYTES // size))
    return list(found), num_rows


def _byte_columns(file: pq.ParquetFile) -> list[int]:
    return [
        place
        for place in range(len(file.schema))
        if file.schema.column(place).physical_type == "BYTE_ARRAY"
    ]


def _is_bytes(kind: pa.DataType) -> bool:
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _batches(
    file: pq.ParquetFile, path: Path, schema: pa.Schema, num_rows: int
) -> Iterator[pa.RecordBatch]:
    total, most = 0, most_unpacked(path)
    try:
        for batch in file.iter_batches(num_rows):
            for part in _unpacked(batch, schema):
                part.validate(full=True)  # texts may be no UTF-8
                total += part.nbytes
                if total > most:
                    raise unpacks_to_more(path, most)
                yield part
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"is damaged: {error}", "Write it again.", path=path.name, reason="unreadable_table"
        ) from error


def _unpacked(batch: pa.RecordBatch, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yields the rows with their values instead of places in a dictionary, few bytes at a time."""
    packed = [
        i
        for i, column in enumerate(batch.columns)
        if isinstance(column, pa.DictionaryArray)
        and not pa.types.is_dictionary(schema.field(i).type)
    ]
    if batch.num_rows > 1 and sum(_size(batch.column(i)) for i in packed) > _BATCH_BYTES:
        half = batch.num_rows // 2
        yield from _unpacked(batch.slice(0, half), schema)
        yield from _unpacked(batch.slice(half), schema)
        return
    columns = [
        column.dictionary_decode().cast(schema.field(i).type) if i in packed else column
        for i, column in enumerate(batch.columns)
    ]
    yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _size(column: pa.DictionaryArray) -> int:
    lengths = compute.call_function("binary_length", [column.dictionary])
    taken = compute.call_function("sum", [lengths.cast(pa.int64()).take(column.indices)])
    return taken.as_py() or 0
