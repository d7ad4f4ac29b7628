"""Where content has to end, by the sizes that its format states: MP4, Matroska, MPEG, GIF, RIFF.

Demuxers read what is there and say nothing of the rest.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

from polymodal.media.stated.boxes import boxes_end, starts_a_box
from polymodal.media.stated.chunks import riff_end

__all__ = ["stated_end"]

_MAX_PARTS = 1_000_000
_SLACK_BYTES = 64
_SEGMENT = b"\x18\x53\x80\x67"
_TAGS = (8, 9, 18)  # of Flash video: sound, pictures, what is said of them
_PACK, _SYSTEM = 0xBA, 0xBB  # fourth bytes of start codes; those of packets are higher


def stated_end(stream: BinaryIO) -> int | None:
    """Returns the least number of bytes that the content needs by what it states of itself, or
    None where it states nothing.

    Args:
        stream: open file of bytes.
    """
    end = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    head = stream.read(12)
    for belongs, measure in _FORMATS:
        if belongs(head):
            return measure(stream, end)
    return None


def _ebml_end(stream: BinaryIO, end: int) -> int | None:
    """Matroska and WebM: the size of the segment, or those of its elements where a program that
    could not go back left the segment's open."""
    start = 0
    for _ in range(_MAX_PARTS):
        found = _element(stream, start)
        if found is None:
            return start
        is_segment, inside, size = found
        if size is None:  # open: its elements follow
            start = inside
        elif is_segment or inside + size >= end:
            return inside + size
        else:
            start = inside + size
    return None


def _element(stream: BinaryIO, start: int) -> tuple[bool, int, int | None] | None:
    """Returns whether an EBML element is the segment, where its content starts, and its size."""
    stream.seek(start)
    head = stream.read(12)
    if not head or not head[0]:
        return None
    name_length = 9 - head[0].bit_length()
    if name_length > 4 or len(head) <= name_length or not head[name_length]:
        return None
    first = head[name_length]
    size_length = 9 - first.bit_length()
    size = int.from_bytes(head[name_length : name_length + size_length], "big")
    size &= (1 << 7 * size_length) - 1
    is_open = size == (1 << 7 * size_length) - 1
    return head.startswith(_SEGMENT), start + name_length + size_length, None if is_open else size


def _packets_end(stream: BinaryIO, end: int) -> int | None:
    """MPEG program streams: packs of packets, each with its size."""
    start = 0
    for _ in range(_MAX_PARTS):
        stream.seek(start)
        head = stream.read(14)
        if len(head) < 6 or head[:3] != b"\0\0\1" or head[3] < _PACK:
            return None  # the code of the end, or filler
        if head[3] >= _SYSTEM:
            start += 6 + int.from_bytes(head[4:6], "big")
        elif head[4] >> 6 == 1:  # a pack of MPEG-2
            start += 14 + (head[13] & 7 if len(head) > 13 else 0)
        else:
            start += 12
        if start >= end:
            return start
    return None


def _tags_end(stream: BinaryIO, end: int) -> int | None:
    """Flash video: tags, each with its size in front of it and behind it."""
    start = 13
    for _ in range(_MAX_PARTS):
        stream.seek(start)
        head = stream.read(4)
        if len(head) < 4 or head[0] & 0x1F not in _TAGS:
            return None
        start += 11 + int.from_bytes(head[1:], "big") + 4
        if start >= end:
            return start
    return None


def _gif_end(stream: BinaryIO, end: int) -> int | None:
    """GIF: blocks up to a trailer."""
    content = _Blocks(stream)
    if content.header():
        while (kind := content.byte()) not in (None, 0x3B):
            if kind == 0x2C:
                content.image()
            elif kind == 0x21:
                content.skip(1)
                content.chain()
            else:
                return None  # no block: not a matter of its length
    if content.is_cut:
        return content.at + 1
    return content.at


class _Blocks:
    """The blocks of a GIF, read one after the other."""

    def __init__(self, stream: BinaryIO):
        stream.seek(0)
        self._stream, self.at, self.is_cut = stream, 0, False

    def skip(self, count: int) -> bytes:
        found = self._stream.read(count)
        self.at += len(found)
        self.is_cut = self.is_cut or len(found) < count
        return found

    def byte(self) -> int | None:
        found = self.skip(1)
        if found:
            return found[0]
        return None

    def header(self) -> bool:
        head = self.skip(13)
        if len(head) == 13 and head[10] & 0x80:
            self.skip(3 << (head[10] & 7) + 1)
        return not self.is_cut

    def image(self) -> None:
        head = self.skip(9)
        if len(head) == 9 and head[8] & 0x80:
            self.skip(3 << (head[8] & 7) + 1)
        self.skip(1)
        self.chain()

    def chain(self) -> None:
        while size := self.byte():
            self.skip(size)


def _riff_end(stream: BinaryIO, end: int) -> int | None:
    """AVI: the size of the file, in which some programs count the header twice."""
    stated = riff_end(stream)
    if stated is None:
        return stated
    return stated - _SLACK_BYTES


def _is_transport(head: bytes) -> bool:
    return head[:1] == b"\x47" and head[:4] != b"GIF8"


def _transport_end(stream: BinaryIO, end: int) -> int | None:
    """MPEG transport streams: packets of one size."""
    for size in (188, 192, 204):
        stream.seek(size)
        if stream.read(1) == b"\x47":
            return -(-end // size) * size
    return None


_FORMATS: list[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], int | None]]] = [
    (starts_a_box, boxes_end),
    (lambda head: head[:4] == b"\x1aE\xdf\xa3", _ebml_end),
    (lambda head: head[:4] == b"\0\0\1\xba", _packets_end),
    (lambda head: head[:4] == b"FLV\x01", _tags_end),
    (lambda head: head[:4] == b"GIF8", _gif_end),
    (lambda head: head[:4] == b"RIFF", _riff_end),
    (_is_transport, _transport_end),
]
