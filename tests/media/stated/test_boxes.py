"""Boxes of MP4 and QuickTime, one after the other."""

import io
import struct
import zlib

import pytest

from mutated_media import FILES
from polymodal.core.errors import DataError
from polymodal.media.audio import read_audio
from polymodal.media.stated.boxes import boxes_end, packed_header, starts_a_box


def box(name, content):
    return struct.pack(">I4s", 8 + len(content), name) + content


def ends(content):
    return boxes_end(io.BytesIO(content), len(content))


def test_boxes_end_where_the_file_does():
    for name in ("m4a", "m4a-fast", "mov", "fragmented"):
        content = FILES[name]()
        assert starts_a_box(content[:12])
        assert ends(content) == len(content)
        assert packed_header(io.BytesIO(content)) == 0


def test_large_boxes_and_what_is_no_box():
    long = struct.pack(">I4sQ", 1, b"mdat", 16 + 40)
    assert ends(box(b"ftyp", b"isom") + long + bytes(40)) == 12 + 56
    assert ends(box(b"ftyp", b"isom") + long + bytes(10)) == 12 + 56
    assert ends(box(b"ftyp", b"isom") + b"\0\0\0\0mdat" + bytes(10)) == 12  # up to the end
    assert ends(box(b"ftyp", b"isom") + b"junk\0\1\2\3") == 12
    assert ends(box(b"ftyp", b"isom") + struct.pack(">I4s", 5, b"mdat")) is None
    assert ends(b"") == 0


def test_a_header_that_unpacks_to_gigabytes_is_refused():
    packed = box(b"cmvd", struct.pack(">I", 3_000_000_000) + zlib.compress(bytes(100)))
    content = box(b"ftyp", b"isom") + box(b"moov", box(b"cmov", box(b"dcom", b"zlib") + packed))
    assert packed_header(io.BytesIO(content)) == 3_000_000_000
    with pytest.raises(DataError, match="its header unpacks to 3,000,000,000 bytes"):
        read_audio(content)
