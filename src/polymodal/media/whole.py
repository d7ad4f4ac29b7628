"""Whether a file is whole, as far as its own bytes tell: decoders ignore what is lost."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any, BinaryIO

from polymodal.core.errors import DataError
from polymodal.media.cells import Part
from polymodal.media.forward import ForwardFile
from polymodal.media.stated.chunks import sound_bytes
from polymodal.media.stated.ends import stated_end
from polymodal.media.stated.flac import read_header
from polymodal.media.stated.mp3 import states_length
from polymodal.media.stated.ogg import check_pages

__all__ = [
    "TOLERANCE_SECONDS",
    "announces_nothing",
    "check_end",
    "check_pages_of",
    "check_whole",
    "cut_short",
    "damaged",
    "opened",
    "states_frames",
]

TOLERANCE_SECONDS = 0.05  # by which sound may be shorter than stated: encoders count differently
_SLACK_BYTES = 64  # some programs count the header too
_STREAMED = {"WAV", "WAVEX", "RF64"}  # a length of 0 says that the program could not know it
_COUNTED = {*_STREAMED, "FLAC", "AIFF", "AU", "W64", "NIST", "CAF", "OGG"}


def check_whole(file: ForwardFile, part: Part, last: float) -> None:
    """Raises DataError where a sound file is damaged by what it states, or was cut short in front
    of what is to be read.

    A file is cut short if its header announces more sound than there is, unless it is one that was
    streamed, whose header holds 0 or a huge number; an Ogg file, if it ends inside a page. An Ogg
    file is damaged if a page has another checksum, a FLAC file if its frames have another format
    than its header.

    Args:
        file: ForwardFile, at any place.
        part: Part that it was opened from.
        last: int, frame that the reading ends before, or infinity for all of the file.

    Raises:
        DataError: the file is damaged.
    """
    needs_end = last > file.frames > 0
    with opened(part.source) as stream:
        if file.format == "OGG":
            _check_ogg(stream, file, part.shown, needs_end)
        elif file.format == "FLAC":
            header = read_header(stream)
            if header is not None and header.differs(stream):
                raise damaged(part.shown, "its frames are not those of its header")
        elif needs_end and (sizes := sound_bytes(stream)):
            announced, there = sizes
            if announced > there + _SLACK_BYTES:
                raise _ended(file, part.shown, file.frames * announced / max(1, there))


def _check_ogg(stream: BinaryIO, file: ForwardFile, shown: str, needs_end: bool) -> None:
    pages = check_pages(stream)
    if pages.damaged_at is not None:
        raise damaged(shown, f"the page at byte {pages.damaged_at:,} has another checksum")
    if pages.ends_inside and needs_end:
        raise _ended(file, shown, math.inf)


def check_pages_of(source: bytes | Path, shown: str) -> None:
    """Raises DataError where an Ogg file that is not plain sound, such as a video, is damaged."""
    with opened(source) as stream:
        if stream.read(4) == b"OggS":
            pages = check_pages(stream)
            if pages.damaged_at is not None:
                raise damaged(shown, f"the page at byte {pages.damaged_at:,} has another checksum")
            if pages.ends_inside:
                raise cut_short(shown, "it ends inside a page")


def check_end(source: bytes | Path, shown: str) -> None:
    """Raises DataError where content of which all is to be read ends before it states to end.

    Args:
        source: bytes or Path, the content.
        shown: str, the name to show in messages.
    """
    with opened(source) as stream:
        stated, there = stated_end(stream), stream.seek(0, io.SEEK_END)
    if stated is not None and stated > there:
        raise cut_short(shown, f"{there:,} of {stated:,} bytes are there")


def announces_nothing(file: Any, part: Part) -> bool:
    """Returns whether a WAV file has no length in its header, but sound behind it.

    libsndfile finds no sound in a file that was streamed like that; FFmpeg's libraries do.

    Args:
        file: ForwardFile, or what `soundfile.info` returns.
        part: Part that it was opened from.
    """
    if file.frames or file.format not in _STREAMED:
        return False
    with opened(part.source) as stream:
        announced, there = sound_bytes(stream) or (0, 0)
    return not announced and there > 0


def states_frames(file: Any, part: Part) -> bool:
    """Returns whether the number of frames of a sound file is stated in it, not estimated."""
    if file.format in _COUNTED:
        return True
    if file.format != "MP3":
        return False
    with opened(part.source) as stream:
        return states_length(stream)


def opened(source: bytes | Path) -> BinaryIO:
    """Returns content as an open file of bytes."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source.open("rb")


def cut_short(shown: str, how: str) -> DataError:
    """Returns the error for a file of which the end is missing."""
    return DataError(
        f"was cut short: {how}.",
        "Copy it again, or run with --skip-bad.",
        path=shown,
        reason="truncated_file",
    )


def damaged(shown: str, how: str) -> DataError:
    """Returns the error for a file of which a part was changed."""
    return DataError(
        f"is damaged: {how}.",
        "Copy it again, or run with --skip-bad.",
        path=shown,
        reason="damaged_file",
    )


def _ended(file: ForwardFile, shown: str, whole: float) -> DataError:
    seconds, of = file.frames / file.samplerate, whole / file.samplerate
    of = f"of {of:.2f} s" if math.isfinite(of) else "s, inside a page"
    return cut_short(shown, f"it ends after {seconds:.2f} {of}")
