"""What a table may hold at most, so that no file fills memory: lines, nesting, bytes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from polymodal.core.errors import DataError

MAX_LINE_BYTES = 128 << 20  # a row, or a text in a file of its own
_BLOCK_BYTES = 1 << 20  # `read` takes room for all that it is asked for, however short the file
_MOST_BLOCKS = MAX_LINE_BYTES // _BLOCK_BYTES + 1
MAX_COLUMNS = 50_000  # of tables whose rows name their columns
_FEW_CELLS = 20_000_000
_CELLS_A_BYTE = 64  # of a table in which most cells are empty
MAX_DEPTH = 32  # of nested lists and objects; a sequence of a row has three
_FEW_UNPACKED = 1 << 30  # bytes that any packed file may unpack to
_MOST_RATIO = 1000  # of bytes unpacked to bytes of the file, above that
_LINE_BREAK, _QUOTE, _OPEN, _CLOSE = 0x0A, 0x22, 0x7B, 0x7D  # [ and ] differ from { and } in a bit
_CASE_BIT = 0x20


def bounded_lines(file: BinaryIO, shown: str) -> Iterator[bytes]:
    """Yields the lines of a file, with their line breaks.

    Raises:
        DataError: a line is longer than `MAX_LINE_BYTES`.
    """
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise too_long(shown, number)
        yield line


def too_long(shown: str, number: int) -> DataError:
    """Returns the error for a line of more than `MAX_LINE_BYTES`."""
    return DataError(
        f"has more than {MAX_LINE_BYTES >> 20} MiB in line {number}.",
        "Write one row per line, and large media into files.",
        path=shown,
        reason="unreadable_table",
    )


def read_small(path: Path, shown: str) -> bytes:
    """Returns the content of a file of text.

    Raises:
        DataError: it is larger than `MAX_LINE_BYTES`.
    """
    with open(path, "rb") as file:
        content = b"".join(islice(iter(lambda: file.read(_BLOCK_BYTES), b""), _MOST_BLOCKS))
    if len(content) > MAX_LINE_BYTES:
        raise DataError(
            f"is a text of more than {MAX_LINE_BYTES >> 20} MiB.",
            "Cut it into smaller texts.",
            path=shown,
            reason="unreadable_table",
        )
    return content


def most_unpacked(path: Path) -> int:
    """Returns how many bytes a packed file may unpack to."""
    return max(_FEW_UNPACKED, _MOST_RATIO * path.stat().st_size)


def unpacks_to_more(path: Path, most: int) -> DataError:
    """Returns the error for a file that unpacks to more than `most` bytes."""
    return DataError(
        f"unpacks to more than {most:,} bytes.",
        "Write the table again, with long values in files of their own.",
        path=path.name,
        reason="unreadable_table",
    )


def check_fill(num_columns: int, num_rows: int, size: int, shown: str) -> None:
    """Checks a table in which each row names its columns: new names in each fill memory.

    Args:
        num_columns: int, different names.
        num_rows: int, rows so far.
        size: int, bytes of the file.
        shown: str, name of the table.

    Raises:
        DataError: there are too many names, or nearly all cells are empty.
    """
    cells = num_columns * num_rows
    if num_columns > MAX_COLUMNS or cells > max(_FEW_CELLS, _CELLS_A_BYTE * size):
        raise DataError(
            f"has {num_columns:,} different keys in its first {num_rows:,} rows.",
            "Use the same keys in all rows, or put them into one text.",
            path=shown,
            reason="unreadable_table",
        )


def is_deep(value: Any, most: int = MAX_DEPTH) -> bool:
    """Returns whether lists and mappings are nested more than `most` levels deep.

    Example:

    >>> is_deep([[1]], most=2), is_deep({"a": [[1]]}, most=2)
    (False, True)
    """
    level = [value]
    for _ in range(most + 1):
        level = [item for item in level if isinstance(item, list | dict)]
        if not level:
            return False
        level = [
            item
            for inner in level
            for item in (inner.values() if isinstance(inner, dict) else inner)
        ]
    return True


def deep_line(block: bytes) -> int | None:
    """Returns which line (from 0) of some lines of JSON is nested deeper than `MAX_DEPTH`, or None.

    Parsers take a stack frame for each level, so this looks before they do.
    """
    if block.count(b"[") + block.count(b"{") <= MAX_DEPTH:
        return None
    plain = np.frombuffer(block.replace(b"\\\\", b"").replace(b'\\"', b""), np.uint8)
    breaks = np.flatnonzero(plain == _LINE_BREAK)
    opens = np.flatnonzero((plain | _CASE_BIT) == _OPEN)
    if len(opens):
        per_line = np.bincount(np.searchsorted(breaks, opens))
    else:
        per_line = np.zeros(1, int)
    if per_line.max() <= MAX_DEPTH:
        return None
    starts = np.concatenate([[0], breaks + 1])
    for line in np.flatnonzero(per_line > MAX_DEPTH):
        stop = breaks[line] if line < len(breaks) else len(plain)
        if _depth(plain[starts[line] : stop]) > MAX_DEPTH:
            return int(line)
    return None


def _depth(line: np.ndarray) -> int:
    """Returns how deep brackets are nested, those in strings aside."""
    in_string = np.cumsum(line == _QUOTE) % 2 == 1
    folded = line | _CASE_BIT
    steps = (folded == _OPEN).astype(np.int64) - (folded == _CLOSE)
    steps[in_string] = 0
    return int(np.cumsum(steps).max(initial=0))
