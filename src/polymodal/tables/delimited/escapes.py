"""Files in which a quote inside a cell is written as backslash and quote, as MySQL and Spark do."""

from __future__ import annotations

import io
import re
from pathlib import Path

from polymodal.tables.bounds import MAX_LINE_BYTES, too_long

_BLOCK_BYTES = 1 << 20
_ESCAPE = re.compile(rb"\\([\s\S])")
_KEPT = b'"\\\r\n'


class Unescaped(io.RawIOBase):
    r"""A file read so that a backslash escapes only what all such writers escape.

    These are quotes, backslashes and line breaks. In front of anything else (`\alpha`, `\n` as two
    characters) writers disagree, so the backslash is doubled and both characters stay.

    Args:
        path: Path of the file.
    """

    def __init__(self, path: Path):
        self._file, self._name = io.BufferedReader(io.FileIO(path)), path.name
        self._rest = b""

    def readable(self) -> bool:
        """Returns True."""
        return True

    def readinto(self, buffer) -> int:
        """Reads the next bytes into `buffer`, and returns how many they are."""
        if not self._rest:
            block = self._file.read(_BLOCK_BYTES)
            block += self._file.readline(MAX_LINE_BYTES)  # or an escape could be cut in two
            if len(block) >= MAX_LINE_BYTES:
                raise too_long(self._name, 1)
            self._rest = _ESCAPE.sub(_doubled, block)
        part = self._rest[: len(buffer)]
        self._rest = self._rest[len(part) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()


def _doubled(escape: re.Match) -> bytes:
    if escape[1] in _KEPT:
        return escape[0]
    return b"\\" + escape[0]
