"""How quotes in cells are written, and quotes that silently swallow rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.tables.delimited.escapes import Unescaped

_LONGEST_CELL = 1 << 30
_BLOCK_BYTES = 1 << 22
_QUOTE = ord('"')


def quoting(path: Path, delimiter: str, num_columns: int, num_lines_before: int = 0) -> str:
    r"""Returns how a quote inside a quoted cell is written: "doubled" (`""`) or "backslash" (`\"`).

    Only files in which a quote is inside a text are read for it, strictly and a few times
    slower than their rows are read otherwise.

    Args:
        path: Path of the file.
        delimiter: str, one character.
        num_columns: int, cells of the header.
        num_lines_before: int, records before the header.

    Raises:
        DataError: quotes inside cells are written in neither way; the message names the lines.
    """
    has_backslash, has_inside = _look(path, delimiter)
    if not (has_backslash or has_inside):
        return "doubled"
    rows = (num_lines_before, num_columns)
    problem = _problem(path, delimiter, escaped=False, rows=rows)
    if problem is None:
        return "doubled"
    if has_backslash and _problem(path, delimiter, escaped=True, rows=rows) is None:
        return "backslash"
    if isinstance(problem, DataError):
        raise problem
    return "doubled"  # a row has too many cells, which is said with its number


def check_quotes(path: Path, delimiter: str) -> None:
    """Reads a delimited file strictly, a few times slower than its rows are read otherwise.

    Raises:
        DataError: a quote is never closed, or closed inside a cell; the message names the lines.
    """
    problem = _problem(path, delimiter, escaped=False)
    if isinstance(problem, DataError):
        raise problem


def _look(path: Path, delimiter: str) -> tuple[bool, bool]:
    r"""Returns whether there is a `\"`, and a quote between two characters of text."""
    text = np.ones(256, bool)
    text[[ord(c) for c in (delimiter if delimiter.isascii() else ",")] + [10, 13, _QUOTE]] = False
    has_backslash = has_inside = False
    with open(path, "rb") as file:
        before = b"\n"
        while block := file.read(_BLOCK_BYTES):
            block = before + block
            has_backslash = has_backslash or b'\\"' in block
            found = np.frombuffer(block, np.uint8)
            quotes = np.flatnonzero(found[1:-1] == _QUOTE) + 1
            has_inside = has_inside or bool(
                (text[found[quotes - 1]] & text[found[quotes + 1]]).any()
            )
            before = block[-2:]
    return has_backslash, has_inside


def _problem(
    path: Path, delimiter: str, escaped: bool, rows: tuple[int, int | None] = (0, None)
) -> DataError | str | None:
    """Returns what a strict reader says of a file: an error on quotes, "ragged", or None."""
    limit = csv.field_size_limit(_LONGEST_CELL)
    source: Any = Unescaped(path) if escaped else io.FileIO(path)
    try:
        with io.TextIOWrapper(source, encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.reader(
                _without_spaces(file, delimiter),
                delimiter=delimiter,
                strict=True,
                escapechar="\\" if escaped else None,
            )
            return _check(reader, path, *rows)
    finally:
        csv.field_size_limit(limit)


def _without_spaces(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """Drops spaces between a quote and the delimiter, which a strict reader would refuse."""
    behind_quotes = re.compile(rf'" +(?={re.escape(delimiter)}|[\r\n]|$)')
    for line in lines:
        yield behind_quotes.sub('"', line) if '" ' in line else line


def _check(reader, path: Path, before: int, num_columns: int | None) -> DataError | str | None:
    line, ragged = 0, False
    try:
        for number, record in enumerate(reader):
            line = reader.line_num
            if num_columns and number >= before and record and len(record) != num_columns:
                ragged = True
    except csv.Error:
        lines = f"line {line + 1}" + (
            f" to {reader.line_num}" if reader.line_num > line + 1 else ""
        )
        return DataError(
            f'has a quote (") in {lines} that is not closed at the end of its cell.',
            'Put the whole cell between quotes, and write a quote inside as "".',
            path=path.name,
            reason="quotes",
        )
    if ragged:
        return "ragged"
    return None
