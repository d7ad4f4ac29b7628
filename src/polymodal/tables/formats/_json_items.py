"""The items of a JSON file's lists, one at a time: published tables have hundreds of megabytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from polymodal.core.errors import DataError
from polymodal.tables.bounds import MAX_LINE_BYTES, is_deep
from polymodal.tables.json_text import TOO_DEEP

_BLOCK_CHARACTERS = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_OF_NUMBERS = "0123456789.eE+-"
_DECODER = json.JSONDecoder()


def json_items(path: Path) -> Iterator[tuple[str, Any]]:
    """Yields each item of the lists that a JSON file holds, with the key of its list.

    Args:
        path: Path of a file with one list, whose items get the key "", or with one object; of the
            object's values only lists count.

    Raises:
        DataError: the file is not valid JSON or no UTF-8; the message names the line.
    """
    with open(path, encoding="utf-8-sig") as file:
        text = _Text(file, path.name)
        if text.next() == "[":
            yield from (("", item) for item in text.items())
        else:
            for key in text.names():
                if text.next() == "[":
                    yield from ((key, item) for item in text.items())
                else:
                    text.value()
        text.end()


class _Text:
    """Text that is read block by block, and where in the file it has come to."""

    def __init__(self, file: TextIO, name: str):
        self._file, self._name = file, name
        self._block, self._at = "", 0
        self._line, self._column = 1, 1  # where the block starts

    def next(self) -> str:
        """Returns the next character that is not a space, or "" at the end."""
        while True:
            self._at = _SPACE.match(self._block, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._block):
                return self._block[self._at]
            if not self._read():
                return ""

    def items(self) -> Iterator[Any]:
        """Yields the values of the list that starts here."""
        self._take("[")
        if self.next() == "]":
            self._take("]")
            return
        yield self.value()
        while self._take(",]") == ",":
            yield self.value()

    def names(self) -> Iterator[str]:
        """Yields the names in the object that starts here; the caller reads each one's value."""
        self._take("{")
        if self.next() == "}":
            self._take("}")
            return
        while True:
            if self.next() != '"':
                raise self._error('expecting a name in quotes (")')
            name = self.value()
            self._take(":")
            yield name
            if self._take(",}") == "}":
                return

    def value(self) -> Any:
        """Returns the value that starts here, whole."""
        self.next()
        while True:
            start = self._at
            try:
                value, end = _DECODER.raw_decode(self._block, self._at)
            except json.JSONDecodeError as error:
                used = error.pos - start
                if self._read():
                    continue
                self._at += used
                raise self._error(error.msg.lower()) from None
            except RecursionError:
                raise self._error(TOO_DEEP) from None
            if self._is_whole(value, end) or not self._read():
                if is_deep(value):
                    raise self._error(TOO_DEEP)
                self._at += end - start
                return value

    def _is_whole(self, value: Any, end: int) -> bool:
        """Returns False where a number may go on in the next block."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return end < len(self._block) and self._block[end] not in _OF_NUMBERS
        return True

    def end(self) -> None:
        """Raises DataError unless nothing follows."""
        if self.next():
            raise self._error("more text after the end")

    def _take(self, expected: str) -> str:
        found = self.next()
        if not found or found not in expected:
            raise self._error(f"expecting {' or '.join(expected)}")
        self._at += 1
        return found

    def _read(self) -> bool:
        """Drops what was used and appends the next block; long values get longer blocks."""
        rest = self._block[self._at :]
        if len(rest) > MAX_LINE_BYTES:
            raise self._error(f"one value has more than {MAX_LINE_BYTES >> 20} million characters")
        try:
            more = self._file.read(max(_BLOCK_CHARACTERS, len(rest)))
        except UnicodeDecodeError:
            raise DataError(
                f"needs UTF-8 text. There is other text after line {self._line}.",
                "Save the file as UTF-8.",
                path=self._name,
                reason="encoding",
            ) from None
        self._line, self._column = self._place()
        self._block, self._at = rest + more, 0
        return bool(more)

    def _place(self) -> tuple[int, int]:
        used = self._block[: self._at]
        lines = used.count("\n")
        if lines:
            column = len(used) - used.rfind("\n")
        else:
            column = self._column + len(used)
        return self._line + lines, column

    def _error(self, problem: str) -> DataError:
        line, column = self._place()
        return DataError(
            f"is not valid JSON: line {line}, character {column}: {problem}.",
            "Fix that line, or download the file again.",
            path=self._name,
            reason="unreadable_table",
        )
