"""The sizes of pictures in an icon file, which is decoded as soon as it is opened."""

from __future__ import annotations

import struct
from typing import BinaryIO

__all__ = ["ICO_START", "icon_pixels"]

ICO_START = b"\0\0\1\0"


def icon_pixels(stream: BinaryIO) -> int:
    """Returns the pixels of the largest picture in an icon file, by the pictures' own headers.

    Args:
        stream: open file of bytes.
    """
    stream.seek(4)
    count = int.from_bytes(stream.read(2), "little")
    directory = stream.read(16 * count)
    most = 0
    for start in range(12, len(directory) - 3, 16):
        stream.seek(int.from_bytes(directory[start : start + 4], "little"))
        head = stream.read(24)
        if len(head) < 24:
            continue
        if head[:4] == b"\x89PNG":
            width, height = struct.unpack(">II", head[16:24])
        else:  # a bitmap, with its mask below it
            width, height = struct.unpack("<ii", head[4:12])
        most = max(most, abs(width * height))
    return most
