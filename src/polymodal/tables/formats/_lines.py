"""The lines of a text file with their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from polymodal.core.errors import DataError
from polymodal.core.printed.visible import brief
from polymodal.tables.bounds import bounded_lines


def numbered_lines(path: Path, shown: str | None = None) -> Iterator[tuple[int, str]]:
    """Yields (number from 1, line without its line break) of the lines that are not blank.

    Args:
        path: Path of a file in UTF-8.
        shown: str, the name to show in messages; None for the file's own.

    Raises:
        DataError: a line is not UTF-8.
    """
    with open(path, "rb") as file:
        for number, line in enumerate(bounded_lines(file, shown or path.name), start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise DataError(
                    f"needs UTF-8 text. Line {number} is not.",
                    "Save the file as UTF-8.",
                    path=shown or path.name,
                    reason="encoding",
                ) from None
            if text.strip():
                yield number, text.rstrip("\r\n")


def bad_line(shown: str, number: int, expected: str, line: str, fix: str) -> DataError:
    """Returns the error for a line that does not follow its format."""
    line = brief(line)
    return DataError(
        f"needs {expected} in line {number}. Got {line!r}.",
        fix,
        path=shown,
        reason="unreadable_table",
    )
