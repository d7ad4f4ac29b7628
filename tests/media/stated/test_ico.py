"""Sizes of pictures in icons, before one is decoded."""

import io
import struct

from PIL import Image

from polymodal.media.stated.ico import ICO_START, icon_pixels


def test_the_largest_picture_counts_by_its_own_header():
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "ICO", sizes=[(16, 16), (48, 48)])
    content = bytearray(buffer.getvalue())
    assert content.startswith(ICO_START)
    assert icon_pixels(io.BytesIO(content)) == 48 * 48
    place = content.rindex(b"IHDR") + 4
    content[place : place + 8] = struct.pack(">II", 9000, 8000)
    assert icon_pixels(io.BytesIO(content)) == 72_000_000


def test_a_broken_directory_holds_nothing():
    assert icon_pixels(io.BytesIO(ICO_START + b"\xff\xff" + b"\xff" * 40)) == 0
