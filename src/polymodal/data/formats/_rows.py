"""From rows to the stream that a reader returns, and the count of what became no row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from polymodal.core.progress import warn

_BATCH_ROWS = 4096


class Orphans:
    """What a table names and lacks, or lacks and has, counted by kind with one example each.

    Text without its file becomes no row. A file without its text stays a row with an empty cell: it
    can be predicted, and training counts it as a row without a target.

    Args:
        table: str, name of the table in the warnings.
    """

    def __init__(self, table: str):
        self._table = table
        self._found: dict[str, tuple[int, str]] = {}

    def add(self, what: str, example: str) -> None:
        """Counts one; `what` reads on after a number: "captions without a picture"."""
        count, first = self._found.get(what, (0, example))
        self._found[what] = count + 1, first

    def warn(self) -> None:
        """Prints one warning for each kind."""
        for what, (count, example) in self._found.items():
            warn(f"{self._table}: {count:,} {what}, such as {example}.")


def stream_rows(rows: Iterator[dict[str, Any]], **columns: pa.DataType) -> pa.RecordBatchReader:
    """Returns rows, which are made while they are read, as a stream of typed columns."""
    schema = pa.schema(list(columns.items()))
    return pa.RecordBatchReader.from_batches(schema, _batches(rows, schema))


def _batches(rows: Iterator[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while batch := list(islice(rows, _BATCH_ROWS)):
        yield pa.RecordBatch.from_pylist(batch, schema=schema)
