"""The boxes of MP4 and QuickTime files: where the last one ends, and how large a header unpacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["boxes_end", "packed_header", "starts_a_box"]

_FIRST = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_MAX_BOXES = 1_000_000


def starts_a_box(head: bytes) -> bool:
    """Returns whether content starts as such files do."""
    return head[4:8] in _FIRST


def boxes_end(stream: BinaryIO, end: int) -> int | None:
    """Returns where the boxes end by their sizes; None where one has a size that none can have.

    Args:
        stream: open file of bytes.
        end: int, where it ends.
    """
    start: int | None = 0
    for _, _, start in _boxes(stream):
        if start is None or start >= end:
            break
    return start


def packed_header(stream: BinaryIO) -> int:
    """Returns the bytes that a compressed header says to unpack to, as old QuickTime files have;
    0 where it is not compressed.

    Args:
        stream: open file of bytes.
    """
    for name, inside, _ in _boxes(stream):
        if name == b"moov":
            stream.seek(inside)
            head = stream.read(32)  # the box, which method (12 bytes), and the size in a third box
            if head[4:8] == b"cmov":
                return int.from_bytes(head[28:32], "big")
            return 0
    return 0


def _boxes(stream: BinaryIO) -> Iterator[tuple[bytes, int, int | None]]:
    """Yields the name of each outer box, where its content starts, and where it ends, or None."""
    start = 0
    for _ in range(_MAX_BOXES):
        stream.seek(start)
        header = stream.read(16)
        size, name, inside = int.from_bytes(header[:4], "big"), header[4:8], 8
        if size == 0 or not _is_name(name):  # up to the end, or something behind the boxes
            return
        if size == 1:
            size, inside = int.from_bytes(header[8:16], "big"), 16
        yield name, start + inside, None if size < inside else start + size
        if size < inside:
            return
        start += size


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= byte < 127 or byte == 0xA9 for byte in name)
