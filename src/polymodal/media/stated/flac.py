"""What FLAC files state: format and length of the sound, and the MD5 of all samples.

Decoders check each frame, but not whether frames are those of the header in front of them.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO, NamedTuple

import numpy as np

__all__ = ["Header", "SampleHash", "read_header"]

_MD5_WIDTHS = (8, 16, 24)  # bits of samples that libsndfile gives exactly
_RATES = {
    1: 88200,
    2: 176400,
    3: 192000,
    4: 8000,
    5: 16000,
    6: 22050,
    7: 24000,
    8: 32000,
    9: 44100,
    10: 48000,
    11: 96000,
}
_WIDTHS = {1: 8, 2: 12, 4: 16, 5: 20, 6: 24, 7: 32}
_MAX_BLOCKS = 1000


class Header(NamedTuple):
    """What the first block says: hertz, channels, bits of a sample, frames (0 = unknown), MD5."""

    rate: int
    channels: int
    width: int
    frames: int
    md5: bytes

    def differs(self, stream: BinaryIO) -> bool:
        """Returns whether the first frame of sound has another rate, or channels of another number
        or width, than this header says."""
        first = _first_frame(stream)
        if first is None:
            return False
        rate, channels, width = first
        return (
            channels != self.channels
            or rate not in (None, self.rate)
            or width not in (None, self.width)
        )


class SampleHash:
    """The MD5 of samples, as the header states it, computed while they are read.

    Args:
        header: Header.
    """

    def __init__(self, header: Header):
        self._header = header
        self._digest = hashlib.md5(usedforsecurity=False)
        self.is_stated = header.md5 != bytes(16) and header.width in _MD5_WIDTHS

    def add(self, samples: np.ndarray) -> None:
        """Takes int32 (frames, channels) with the highest bits in use, as libsndfile gives them."""
        width = self._header.width
        values = (samples >> (32 - width)).astype("<i4")
        if width == 16:
            self._digest.update(values.astype("<i2").data)
        else:
            self._digest.update(
                values.view(np.uint8).reshape(*samples.shape, 4)[..., : width // 8].tobytes()
            )

    def matches(self) -> bool:
        """Returns whether all samples are those that were encoded."""
        return self._digest.digest() == self._header.md5


def read_header(stream: BinaryIO) -> Header | None:
    """Returns what the start of a FLAC file states; None where there is no such start."""
    stream.seek(0)
    head = stream.read(42)
    if len(head) < 42 or head[:4] != b"fLaC" or head[4] & 0x7F:
        return None
    packed = int.from_bytes(head[18:26], "big")
    return Header(
        rate=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        width=(packed >> 36 & 31) + 1,
        frames=packed & (1 << 36) - 1,
        md5=head[26:42],
    )


def _first_frame(stream: BinaryIO) -> tuple[int | None, int, int | None] | None:
    """Returns rate, channels and width of the first frame, None for what it leaves to the header;
    None where no frame starts behind the blocks of the header."""
    start = 4
    for _ in range(_MAX_BLOCKS):
        stream.seek(start)
        block = stream.read(4)
        if len(block) < 4:
            return None
        start += 4 + int.from_bytes(block[1:], "big")
        if block[0] & 0x80:
            break
    stream.seek(start)
    frame = stream.read(4)
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xFE != 0xF8:
        return None
    channels = frame[3] >> 4
    return (
        _RATES.get(frame[2] & 15),
        channels + 1 if channels < 8 else 2,
        _WIDTHS.get(frame[3] >> 1 & 7),
    )
