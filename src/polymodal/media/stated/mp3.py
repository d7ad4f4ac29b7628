"""Whether an MP3 states how long it is: in the first frame, as Xing, LAME and Fraunhofer write."""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["behind_tags", "states_length"]

_HAS_FRAMES = 1  # flag of a Xing header
_SEARCHED = 1 << 16  # bytes behind the tags in which the first frame has to start


def states_length(stream: BinaryIO) -> bool:
    """Returns whether the first frame of an MP3 holds the number of all frames.

    Args:
        stream: open file of bytes.
    """
    stream.seek(0)
    start = behind_tags(stream.read(10))
    stream.seek(start)
    content = stream.read(_SEARCHED)
    at = next((i for i in range(len(content) - 1)
               if content[i] == 0xFF and content[i + 1] & 0xE0 == 0xE0), None)
    if at is None:
        return False
    frame = content[at : at + 256]
    if frame[36:40] == b"VBRI":
        return any(frame[50:54])
    if len(frame) < 4:
        return False
    newest, single = frame[1] & 8, frame[3] >> 6 == 3
    side = (17 if single else 32) if newest else (9 if single else 17)
    tag = frame[4 + side : 4 + side + 12]
    return tag[:4] in (b"Xing", b"Info") and bool(tag[7] & _HAS_FRAMES) and any(tag[8:12])


def behind_tags(head: bytes) -> int:
    """Returns where content starts behind an ID3 tag, from its first ten bytes; 0 without one."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size
