"""Tab-separated tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from polymodal.tables.delimited.read import read_delimited

__all__ = ["read_tsv"]


def read_tsv(path: Path) -> pa.RecordBatchReader:
    """Tab-separated text in UTF-8 with a header; texts with tabs or line breaks are quoted."""
    return read_delimited(path, "\t", others=",;|")
