"""Comma-separated tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from polymodal.tables.delimited.read import read_delimited

__all__ = ["read_csv"]


def read_csv(path: Path) -> pa.RecordBatchReader:
    """Comma-separated text in UTF-8 with a header; texts with commas or line breaks are quoted.

    Semicolons, tabs or bars may separate the cells instead, as the header and the rows say.
    """
    return read_delimited(path, ",", others=";\t|")
