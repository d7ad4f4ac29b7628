"""Lengths of sound that is stored as it is: WAV, RF64, Wave64, AIFF, 8SVX, AU and NIST."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["riff_end", "sound_bytes"]

_ORDERS = {b"RIFF": "<", b"RF64": "<", b"RIFX": ">", b"FORM": ">"}  # of the bytes of numbers
_SOUND = {b"data", b"SSND", b"BODY"}
_UNKNOWN_FROM = 0x7FFFF000  # what programs announce that cannot go back to write the true size
_MAX_CHUNKS = 1000
_WAVE64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_WAVE64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_NIST_FIELD = re.compile(rb"(sample_count|sample_n_bytes|channel_count) -i (\d{1,18})\s")


def sound_bytes(stream: BinaryIO) -> tuple[int, int] | None:
    """Returns the bytes of sound that a header announces, 0 if it does not, and those that are
    there; None for content of other formats.

    Args:
        stream: open file of bytes.
    """
    end = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    head = stream.read(16)
    if head[:4] in _ORDERS:
        return _of_chunks(stream, _ORDERS[head[:4]], end)
    if head == _WAVE64:
        return _of_wave64(stream, end)
    if head[:4] in (b".snd", b"dns."):
        order = "<"
        if head[:4] == b".snd":
            order = ">"
        start, size = struct.unpack(f"{order}II", head[4:12])
        return (size if size < _UNKNOWN_FROM else 0), end - start
    if head[:7] == b"NIST_1A":
        return _of_nist(head + stream.read(1024), end)
    return None


def riff_end(stream: BinaryIO) -> int | None:
    """Returns where a RIFF file, such as AVI or WebP, has to end by its header, if it says so."""
    stream.seek(0)
    head = stream.read(8)
    if len(head) < 8 or head[:4] != b"RIFF":
        return None
    size = struct.unpack("<I", head[4:])[0]
    if 0 < size < _UNKNOWN_FROM:
        return 8 + size
    return None


def _chunks(stream: BinaryIO, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yields the name, start and size of the chunks of a RIFF or IFF file."""
    start = 12
    for _ in range(_MAX_CHUNKS):
        stream.seek(start)
        header = stream.read(8)
        if len(header) < 8:
            return
        size = struct.unpack(f"{order}I", header[4:])[0]
        yield header[:4], start + 8, size
        start += 8 + size + size % 2


def _of_chunks(stream: BinaryIO, order: str, end: int) -> tuple[int, int] | None:
    long_size = 0
    for name, start, size in _chunks(stream, order):
        if name == b"ds64":
            stream.seek(start)
            sizes = stream.read(16)
            long_size = 0
            if len(sizes) == 16:
                long_size = struct.unpack("<QQ", sizes)[1]
        if name in _SOUND:
            return (size if size < _UNKNOWN_FROM else long_size), end - start
    return 0, 0


def _of_wave64(stream: BinaryIO, end: int) -> tuple[int, int]:
    start = 40
    for _ in range(_MAX_CHUNKS):
        stream.seek(start)
        header = stream.read(24)
        if len(header) < 24:
            break
        size = struct.unpack("<Q", header[16:])[0]
        if header[:16] == _WAVE64_DATA:
            return max(0, size - 24), end - start - 24
        start += max(24, -(-size // 8) * 8)
    return 0, 0


def _of_nist(header: bytes, end: int) -> tuple[int, int]:
    fields = {name: int(value) for name, value in _NIST_FIELD.findall(header)}
    if len(fields) < 3 or b"-shorten" in header:
        return 0, 0
    start = re.match(rb"NIST_1A\n\s*(\d{1,9})\n", header)
    announced = fields[b"sample_count"] * fields[b"sample_n_bytes"] * fields[b"channel_count"]
    return announced, end - (int(start[1]) if start else 1024)
