"""Quotes that swallow rows: a stray one joins lines into one cell without any other sign."""

from __future__ import annotations

import csv
from pathlib import Path

from polymodal.core.errors import DataError

_LONGEST_CELL = 1 << 30


def check_quotes(path: Path, delimiter: str) -> None:
    """Reads a delimited file strictly, a few times slower than its rows are read otherwise.

    Raises:
        DataError: a quote is never closed, or closed inside a cell; the message names the lines.
    """
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            _check(csv.reader(file, delimiter=delimiter, strict=True), path)
    finally:
        csv.field_size_limit(limit)


def _check(reader, path: Path) -> None:
    line = 0
    try:
        for _ in reader:
            line = reader.line_num
    except csv.Error:
        lines = f"line {line + 1}" + (f" to {reader.line_num}" if reader.line_num > line + 1
                                      else "")
        raise DataError(f'has a quote (") in {lines} that is not closed at the end of its cell.',
                        'Put the whole cell between quotes, and write a quote inside as "".',
                        path=path.name, reason="quotes") from None
