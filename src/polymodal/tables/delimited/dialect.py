"""How a delimited file is written: its columns, the delimiter, and how quotes are written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from polymodal.core.errors import DataError
from polymodal.tables.bounds import MAX_COLUMNS, bounded_lines
from polymodal.tables.delimited.escapes import Unescaped
from polymodal.tables.delimited.quotes import quoting

_MAX_HEADER_BYTES = 16 << 20
_HEAD_BYTES = 1 << 16
_LOOKED_AT = 20  # rows that tell the delimiter where the header does not
_MARK = re.compile(r'"?sep=([,;:|\t ^~])"?', re.IGNORECASE)  # Excel writes such a line
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written.

    Args:
        names: list of str, the columns.
        delimiter: str, one character.
        num_lines_before: int, records before the header: blank ones, and a line such as `sep=;`.
        escaped: bool, whether quotes in cells are written as backslash and quote.
    """

    names: list[str]
    delimiter: str
    num_lines_before: int = 0
    escaped: bool = False


def find_dialect(path: Path, delimiter: str, others: str) -> Dialect:
    """Returns how a file is written.

    Args:
        path: Path of a file in UTF-8.
        delimiter: str, the one that the file's ending promises.
        others: str, delimiters that are used instead where the header and the rows agree on one.

    Raises:
        DataError: the file is not a text, or its header or its quotes cannot be read.
    """
    head = _head(path)
    mark = None
    if head:
        mark = _MARK.fullmatch(head[0].strip("\r\n"))
    if mark:
        delimiter, head = mark[1], head[1:]
    else:
        delimiter = _delimiter(head, delimiter, others)
    names, before = _header(path, delimiter, bool(mark))
    escaped = quoting(path, delimiter, len(names), before) == "backslash"
    if escaped:
        source = io.BufferedReader(Unescaped(path))
        with io.TextIOWrapper(source, encoding="utf-8-sig", newline="") as file:
            records = csv.reader(file, delimiter=delimiter, escapechar="\\")
            names = _names(next(islice(records, before, None)), path)
    return Dialect(names, delimiter, before, escaped)


def _head(path: Path) -> list[str]:
    """Returns the first lines of a file, without what a byte order mark adds."""
    with open(path, "rb") as file:
        start = file.read(_HEAD_BYTES)
    if start[:2] in _UTF16:
        raise DataError(
            "is written in UTF-16.", "Save it as UTF-8.", path=path.name, reason="encoding"
        )
    if b"\x00" in start:
        raise DataError(
            "has zero bytes, as UTF-16 or a binary file does.",
            "Save it as text in UTF-8.",
            path=path.name,
            reason="encoding",
        )
    return list(io.StringIO(start.decode("utf-8-sig", "replace"), newline=""))


def _delimiter(head: list[str], delimiter: str, others: str) -> str:
    """Returns the delimiter that the header and the first rows agree on, if there is one."""
    counts = {d: _counts(head, d) for d in (delimiter, *others)}
    for candidate, found in counts.items():
        if found and found[0] > 1 and len(set(found)) == 1:
            return candidate
    if not counts[delimiter] or counts[delimiter][0] > 1:
        return delimiter
    return next((d for d, found in counts.items() if found and found[0] > 1), delimiter)


def _counts(head: list[str], delimiter: str) -> list[int]:
    """Returns the number of cells of each of the first records."""
    try:
        records = [
            len(record)
            for record in islice(csv.reader(head, delimiter=delimiter), _LOOKED_AT + 1)
            if record
        ]
    except csv.Error:
        return []
    return records[:1] if len(records) == 1 else records[:-1]  # the last may be cut


def _empty(path: Path) -> DataError:
    return DataError(
        "is empty.",
        "Write a header with the column names, then one row per line.",
        path=path.name,
        reason="empty_table",
    )


def _header(path: Path, delimiter: str, marked: bool) -> tuple[list[str], int]:
    """Returns the names of the columns and how many records come before them."""
    try:
        records = enumerate(csv.reader(_lines(path), delimiter=delimiter))
        before, record = next(
            ((i, r) for i, r in records if "".join(r).strip() and not (marked and i == 0)),
            (0, None),
        )
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except csv.Error as error:
        raise DataError(
            f"has a header that cannot be read: {error}.",
            "Check its quotes.",
            path=path.name,
            reason="header",
        ) from None
    if record is None:
        raise _empty(path)
    return _names(record, path), before


def _lines(path: Path) -> Iterator[str]:
    """Yields the lines of the header and no more than it may have."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        size = 0
        while line := file.readline(_MAX_HEADER_BYTES - size + 1):
            size += len(line)
            if size > _MAX_HEADER_BYTES:
                raise DataError(
                    f"has a header of more than {_MAX_HEADER_BYTES >> 20} MiB.",
                    'Look for a quote (") that is never closed.',
                    path=path.name,
                    reason="header",
                )
            yield line


def _names(record: list[str], path: Path) -> list[str]:
    names = [name.strip() or f"unnamed_{i + 1}" for i, name in enumerate(record)]
    if len(names) > MAX_COLUMNS:
        raise DataError(
            f"has {len(names):,} columns, and a table may have {MAX_COLUMNS:,}.",
            "Write numbers that belong together as one list per row.",
            path=path.name,
            reason="header",
        )
    seen: set[str] = set()
    twice = sorted({name for name in names if name in seen or seen.add(name)})
    if twice:
        raise DataError(
            f"has more than one column named {', '.join(twice)}.",
            "Give each column a name of its own.",
            path=path.name,
            reason="duplicate_columns",
        )
    return names


def not_utf8(path: Path) -> DataError:
    """Returns the error for a file that is not UTF-8: it names the first such line."""
    with open(path, "rb") as file:
        for number, line in enumerate(bounded_lines(file, path.name), start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return DataError(
                    f"needs UTF-8 text. Got the byte 0x{byte:02x} in line {number}.",
                    "Save the file as UTF-8, for example: iconv -f gb18030 -t utf-8 (Chinese) or "
                    "iconv -f windows-1252 -t utf-8 (Western).",
                    path=path.name,
                    reason="encoding",
                )
    return DataError(
        "needs UTF-8 text.", "Save the file as UTF-8.", path=path.name, reason="encoding"
    )
