"""From rows to the stream that a reader returns, and the count of skipped entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.core.printed.progress import warn
from polymodal.core.printed.visible import brief
from polymodal.tables.bounds import check_fill
from polymodal.tables.schema import merge_schemas

_BATCH_ROWS = 4096
_BATCH_CELLS = 1 << 20


class Orphans:
    """Entries without their file and files without an entry, counted by kind with an example.

    Text without its file becomes no row. A file without its text stays a row with an empty cell: it
    can be predicted, and training counts it as a row without a target.

    Args:
        table: str, name of the table in the warnings.
    """

    def __init__(self, table: str):
        self._table = table
        self._found: dict[str, tuple[int, str]] = {}
        self._told = False

    def add(self, what: str, example: str) -> None:
        """Counts one; `what` follows a number: "captions without a picture"."""
        count, first = self._found.get(what, (0, example))
        self._found[what] = count + 1, first

    def warn(self) -> None:
        """Prints one warning for each kind, once: rows of open types are made twice."""
        if self._told:
            return
        self._told = True
        for what, (count, example) in self._found.items():
            warn(f"{self._table}: {count:,} {what}, such as {brief(example)}.")


def stream_rows(rows: Iterator[dict[str, Any]], **columns: pa.DataType) -> pa.RecordBatchReader:
    """Returns rows, which are made while they are read, as a stream of typed columns."""
    schema = pa.schema(list(columns.items()))
    return pa.RecordBatchReader.from_batches(schema, _batches(rows, schema))


def stream_inferred(
    rows: Callable[[], Iterator[dict[str, Any]]], size: int, shown: str
) -> pa.RecordBatchReader:
    """Returns rows whose columns and types are known only at their end as a stream.

    Args:
        rows: function without arguments that makes the rows; it is called twice, as memory then
            holds few of them at a time.
        size: int, bytes that they come from.
        shown: str, name of the table in messages.

    Raises:
        DataError: a column holds values of more than one type, or there are too many columns.
    """
    schema, num_rows, made = pa.schema([]), 0, rows()
    while batch := list(islice(made, _BATCH_ROWS)):
        num_rows += len(batch)
        schema = merge_schemas([schema, _schema(batch)])
        check_fill(len(schema), num_rows, size, shown)
    return pa.RecordBatchReader.from_batches(schema, _batches(rows(), schema))


def _schema(batch: list[dict[str, Any]]) -> pa.Schema:
    columns: dict[str, list[Any]] = {}
    for record in batch:
        for name, value in record.items():
            columns.setdefault(name, []).append(value)
    fields = []
    for name, values in columns.items():
        try:
            fields.append(pa.field(name, pa.array(values).type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise DataError(
                f"has values of more than one type: {error}.",
                "Write one type in all rows.",
                column=name,
                reason="mixed_types",
            ) from error
    return pa.schema(fields)


def _batches(rows: Iterator[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    size = min(_BATCH_ROWS, _BATCH_CELLS // max(len(schema), 1) + 1)
    while batch := list(islice(rows, size)):
        yield pa.RecordBatch.from_pylist(batch, schema=schema)
