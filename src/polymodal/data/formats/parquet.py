"""Parquet tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from polymodal.core.errors import DataError

__all__ = ["read_parquet"]

_BATCH_ROWS = 1024  # few enough that pictures in the cells fit into memory


def read_parquet(path: Path) -> pa.RecordBatchReader:
    """Parquet file; lists of numbers are vectors, lists of lists sequences, bytes media files."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"is no readable Parquet file: {error}", "Write it again.",
                        path=path.name, reason="unreadable_table") from error
    return pa.RecordBatchReader.from_batches(file.schema_arrow, _batches(file, path))


def _batches(file: pq.ParquetFile, path: Path):
    try:
        yield from file.iter_batches(_BATCH_ROWS)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"is damaged: {error}", "Write it again.", path=path.name,
                        reason="unreadable_table") from error
