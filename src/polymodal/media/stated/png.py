"""The chunks of PNG files, each of which has a checksum that Pillow does not compare for pixels."""

from __future__ import annotations

import zlib
from typing import BinaryIO

__all__ = ["png_damage"]

_START = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 1_000_000
_BLOCK = 1 << 20


def png_damage(stream: BinaryIO) -> str | None:
    """Returns what is wrong with a PNG, as a clause, or None where all of it is there.

    Args:
        stream: open file of bytes.
    """
    stream.seek(len(_START))
    for _ in range(_MAX_CHUNKS):
        header = stream.read(8)
        name, missing = header[4:], int.from_bytes(header[:4], "big")
        if len(header) < 8 or name == b"IEND":
            return None  # where pixels are missing, the decoder says so
        found = zlib.crc32(name)
        while missing > 0:
            block = stream.read(min(missing, _BLOCK))
            if not block:
                return f"is a broken picture (it was cut short, {missing:,} bytes are missing)."
            found, missing = zlib.crc32(block, found), missing - len(block)
        stated = stream.read(4)
        if int.from_bytes(stated, "big") != found:
            return "is a broken picture (a checksum differs)."
    return None
