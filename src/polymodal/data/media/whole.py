"""Whether a sound file is whole, as far as its own bytes tell: decoders pass over what is lost."""

from __future__ import annotations

import io
import math
import struct
from pathlib import Path
from typing import Any, BinaryIO

from polymodal.core.errors import DataError
from polymodal.data.cells import Part
from polymodal.data.media.forward import ForwardFile

__all__ = ["announces_nothing", "check_whole"]

_WAV = ("WAV", "WAVEX", "RF64")
_RIFF = {b"RIFF": "<", b"RF64": "<", b"RIFX": ">"}  # first bytes, and the order of bytes in numbers
_UNKNOWN_FROM = 0x7FFFF000  # what programs announce that cannot go back to write the true size
_SLACK_BYTES = 64  # some programs count the header too
_MAX_CHUNKS = 1000
_MAX_PAGE_BYTES = 65_307  # of Ogg
_PAGE, _PAGE_HEADER = b"OggS\x00", 27


def check_whole(file: ForwardFile, part: Part, last: float) -> None:
    """Raises DataError where a file was cut short in front of what is to be read.

    A WAV file is cut short if its header announces more sound than there is, unless it is one that
    was streamed, whose header holds 0 or a huge number; an Ogg file, if it ends inside a page.

    Args:
        file: ForwardFile, at any place.
        part: Part that it was opened from.
        last: int, frame that the reading ends before, or infinity for all of the file.

    Raises:
        DataError: the file is damaged.
    """
    if last <= file.frames or not file.frames:
        return
    with _opened(part.source) as stream:
        if file.format == "OGG":
            cut, whole = _ends_inside_a_page(stream), math.inf
        elif file.format in _WAV:
            announced, there = _sizes(stream)
            cut, whole = announced > there + _SLACK_BYTES, file.frames * announced / max(1, there)
        else:
            return
    if cut:
        seconds, of = file.frames / file.samplerate, whole / file.samplerate
        of = f"of {of:.2f} s" if math.isfinite(of) else "s, inside a page"
        raise DataError(f"was cut short: it ends after {seconds:.2f} {of}.",
                        "Copy it again, or run with --skip-bad.", path=part.shown,
                        reason="truncated_file")


def announces_nothing(file: Any, part: Part) -> bool:
    """Returns whether a WAV file has no length in its header, but sound behind it.

    libsndfile finds no sound in a file that was streamed like that; FFmpeg's libraries do.

    Args:
        file: ForwardFile, or what `soundfile.info` returns.
        part: Part that it was opened from.
    """
    if file.frames or file.format not in _WAV:
        return False
    with _opened(part.source) as stream:
        announced, there = _sizes(stream)
    return not announced and there > 0


def _opened(source: bytes | Path) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _sizes(stream: BinaryIO) -> tuple[int, int]:
    """Returns the bytes of sound that a WAV file announces, 0 if it does not, and those there."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    order, long_size = _RIFF.get(stream.read(12)[:4]), None
    for _ in range(_MAX_CHUNKS if order else 0):
        header = stream.read(8)
        if len(header) < 8:
            break
        name, size = header[:4], struct.unpack(f"{order}I", header[4:])[0]
        start = stream.tell()
        if name == b"data":
            known = size < _UNKNOWN_FROM
            return (size if known else long_size or 0), end - start
        if name == b"ds64" and len(sizes := stream.read(16)) == 16:
            long_size = struct.unpack("<QQ", sizes)[1]
        stream.seek(start + size + size % 2)
    return 0, 0


def _ends_inside_a_page(stream: BinaryIO) -> bool:
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, end - _MAX_PAGE_BYTES))
    tail = stream.read()
    start = tail.rfind(_PAGE)
    page = tail[start:] if start >= 0 else b""
    if not page:
        return False
    if len(page) < _PAGE_HEADER:
        return True
    lengths = page[_PAGE_HEADER : _PAGE_HEADER + page[_PAGE_HEADER - 1]]
    missing = page[_PAGE_HEADER - 1] - len(lengths)
    return missing > 0 or len(page) < _PAGE_HEADER + len(lengths) + sum(lengths)
