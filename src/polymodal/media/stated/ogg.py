"""The pages of Ogg files, each of which has a checksum that decoders ignore silently."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO, NamedTuple

from polymodal.media.stated.mp3 import behind_tags

__all__ = ["Pages", "check_pages"]

_HEADER = struct.Struct("<4sBBqIIIB")
_LAST = 4  # flag of a stream's last page
_MOST_TAIL = 1 << 20  # bytes behind the last page that are looked through
# The checksum is that of zlib with the bits of each byte, and of the result, in the other order.
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Pages(NamedTuple):
    """What was found: where the first damaged page starts, and whether the last one is cut off."""

    damaged_at: int | None = None
    ends_inside: bool = False


def check_pages(stream: BinaryIO) -> Pages:
    """Reads all pages and compares their checksums and numbers.

    Args:
        stream: open file of bytes.
    """
    stream.seek(0)
    start, numbers, was_last = behind_tags(stream.read(10)), {}, False
    stream.seek(start)
    while head := stream.read(_HEADER.size):
        if not b"OggS".startswith(head[:4]):
            follows = b"OggS" in head + stream.read(_MOST_TAIL)
            return Pages(start if follows or not was_last else None)
        if len(head) < _HEADER.size:
            return Pages(ends_inside=True)
        _, _, flags, place, serial, number, checksum, count = _HEADER.unpack(head)
        lengths = stream.read(count)
        body = stream.read(sum(lengths))
        if len(lengths) < count or len(body) < sum(lengths):
            # A page that is cut off, unless its lengths are what was damaged.
            if b"OggS\0" in body:
                return Pages(start)
            return Pages(ends_inside=True)
        if _checksum(head[:22] + b"\0\0\0\0" + head[26:] + lengths + body) != checksum:
            return Pages(start)
        before, has_sound = numbers.get(serial, (number - 1, False))
        if has_sound and number != before + 1:  # a captured stream has a gap behind its headers
            return Pages(start)
        numbers[serial] = number, has_sound or place > 0
        start += len(head) + len(lengths) + len(body)
        was_last = bool(flags & _LAST)
    return Pages()


def _checksum(content: bytes) -> int:
    found = zlib.crc32(content.translate(_TURNED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(found.to_bytes(4, "big").translate(_TURNED), "little")
