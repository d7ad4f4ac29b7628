"""Whether an MP3 states how long it is: in the first frame, as Xing, LAME and Fraunhofer write."""

from __future__ import annotations

import io
from typing import BinaryIO

__all__ = ["behind_tags", "states_length", "with_true_size"]

_TAGS = (b"Xing", b"Info")
_SIDE_BYTES = {  # of side information, by (MPEG 1, one channel)
    (True, True): 17,
    (True, False): 32,
    (False, True): 9,
    (False, False): 17,
}
_HAS_FRAMES = 1  # flag of a Xing header
_HAS_BOTH = 3  # with the number of bytes
_NEAR = 0.005  # share by which that number may differ
_SEARCHED = 1 << 16  # bytes behind the tags in which the first frame has to start


def states_length(stream: BinaryIO) -> bool:
    """Returns whether the first frame of an MP3 holds the number of all frames.

    Args:
        stream: open file of bytes.
    """
    at, frame = _first_frame(stream)
    if at is None:
        return False
    if frame[36:40] == b"VBRI":
        return any(frame[50:54])
    tag = frame[_tag_at(frame) :][:12]
    return tag[:4] in _TAGS and bool(tag[7] & _HAS_FRAMES) and any(tag[8:12])


def with_true_size(stream: BinaryIO) -> bytes | None:
    """Returns the content of an MP3 with the number of bytes that it has, where its first frame
    states another; None where it states none, or is right.

    libmpg123, in libsndfile, writes a warning to the terminal about files that were cut or joined.
    Nothing else depends on that number.

    Args:
        stream: open file of bytes.
    """
    at, frame = _first_frame(stream)
    if at is None:
        return None
    place = _tag_at(frame)
    tag = frame[place:][:16]
    if tag[:4] not in _TAGS or len(tag) < 16 or tag[7] & _HAS_BOTH != _HAS_BOTH:
        return None
    size = stream.seek(0, io.SEEK_END) - at
    if abs(int.from_bytes(tag[12:16], "big") - size) <= _NEAR * size:
        return None
    stream.seek(0)
    content = bytearray(stream.read())
    content[at + place + 12 : at + place + 16] = size.to_bytes(4, "big")
    return bytes(content)


def _first_frame(stream: BinaryIO) -> tuple[int | None, bytes]:
    """Returns where the first frame starts, None where there is none, and its first bytes."""
    stream.seek(0)
    start = behind_tags(stream.read(10))
    stream.seek(start)
    content = stream.read(_SEARCHED)
    at = next(
        (
            i
            for i in range(len(content) - 1)
            if content[i] == 0xFF and content[i + 1] & 0xE0 == 0xE0
        ),
        None,
    )
    if at is None or len(content) < at + 4:
        return None, b""
    return start + at, content[at : at + 256]


def _tag_at(frame: bytes) -> int:
    """Returns where a frame may hold a Xing tag: behind its header and its side information."""
    newest, single = frame[1] & 8, frame[3] >> 6 == 3
    return 4 + _SIDE_BYTES[bool(newest), single]


def behind_tags(head: bytes) -> int:
    """Returns where content starts behind an ID3 tag, from its first ten bytes; 0 without one."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size
