"""Tables of one list of JSON objects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.formats._json_items import json_items
from polymodal.tables.formats._rows import stream_inferred

__all__ = ["read_json"]


def read_json(path: Path) -> pa.RecordBatchReader:
    """One JSON list of objects, each a row, by itself or as the only list of an object."""
    return stream_inferred(lambda: _rows(path), path.stat().st_size, path.name)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for number, (_, item) in enumerate(json_items(path), start=1):
        if not isinstance(item, dict):
            raise DataError(
                f"needs a list of objects. Entry {number} is {type(item).__name__}.",
                'Write {"column": value, ...} for each row.',
                path=path.name,
                reason="bad_entry",
            )
        yield item
