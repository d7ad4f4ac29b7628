"""Sound of any kind as blocks of one channel: from libsndfile, or else from FFmpeg's libraries."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

from polymodal.core.errors import DataError
from polymodal.media.cells import Part
from polymodal.media.container import (
    decoded,
    measured_seconds,
    open_container,
    stated_seconds,
    unreadable,
)
from polymodal.media.forward import COUNTED, LEAD_SECONDS, ForwardFile
from polymodal.media.stated.flac import SampleHash, read_header
from polymodal.media.stated.mp3 import with_true_size
from polymodal.media.whole import (
    TOLERANCE_SECONDS,
    announces_nothing,
    check_whole,
    cut_short,
    damaged,
    opened,
    states_frames,
)

__all__ = ["ContainerSound", "FileSound", "open_sound"]

_RATES = (100, 768_000)  # hertz; what lies outside is a broken header
_MAX_CHANNELS = 64
_BLOCK_VALUES = 1 << 15  # read at once, so that memory does not depend on what a header claims
_MP3_FRAME = 576  # samples, at low rates; some programs count the frame that holds the count
_UNKNOWN_FRAMES = 1 << 62  # what libsndfile gives where a header leaves the length open


@contextmanager
def open_sound(part: Part) -> Iterator[FileSound | ContainerSound]:
    """Opens sound, or the first sound track of a video.

    FFmpeg's libraries read what libsndfile does not know. What libsndfile opens, and then finds to
    be damaged, is damaged: no other decoder is asked.

    Args:
        part: Part that is to be read.

    Raises:
        DataError: it is not sound.
    """
    file = _opened(part)
    if file is None:
        with open_container(part.source, part.shown, "sound") as container:
            yield ContainerSound(container, part)
        return
    with file:
        try:
            yield FileSound(file, part)
        except soundfile.LibsndfileError as error:
            raise unreadable("sound", part.shown, _cause(error)) from None


def _opened(part: Part) -> ForwardFile | None:
    try:
        file = ForwardFile(_quiet(part.source))
    except soundfile.LibsndfileError as error:
        with opened(part.source) as stream:
            if read_header(stream) is not None:  # FLAC
                raise unreadable("sound", part.shown, _cause(error)) from None
        return None
    # libsndfile reads no further than it estimates by the first frame, which may be far too short.
    estimates = file.format == "MP3" and not states_frames(file, part)
    if estimates or announces_nothing(file, part):
        file.close()
        return None
    return file


def _quiet(source: bytes | Path) -> bytes | Path:
    """Returns content that libsndfile opens without a word on the terminal."""
    with opened(source) as stream:
        head = stream.read(3)
        if head != b"ID3" and head[:1] != b"\xff":
            return source
        return with_true_size(stream) or source


class FileSound:
    """Sound in a file that libsndfile reads.

    Attributes:
        rate: int, hertz.
        form: str, the format, as libsndfile calls it; "" for what it does not read.

    Args:
        file: ForwardFile, at its start.
        part: Part that is to be read.

    Raises:
        DataError: its header cannot be true.
    """

    def __init__(self, file: ForwardFile, part: Part):
        self._file, self._part, self.rate, self.form = file, part, file.samplerate, file.format
        _check_header(self.rate, file.channels, part.shown)

    @property
    def seconds(self) -> float:
        """Length of the whole file, as its header states it; 0 where that is left open."""
        known = self._file.frames < _UNKNOWN_FRAMES
        if known:
            return self._file.frames / self.rate
        return 0.0

    def measured(self) -> float:
        """Returns the length of the whole file by reading it. Nothing can be read after it."""
        return sum(map(len, self._samples(math.inf, False))) / self.rate

    def blocks(self, max_seconds: float = math.inf) -> Iterator[np.ndarray]:
        """Yields float32 (samples,) of the part, no more than `max_seconds`.

        Raises:
            DataError: the file is damaged or cut short, or the part lies outside it.
            LibsndfileError: what is read is damaged; `open_sound` names the file.
        """
        file, part = self._file, self._part
        start, wanted = _span(part, self.rate, max_seconds)
        check_whole(file, part, start + wanted)
        if file.frames < _UNKNOWN_FRAMES:
            part.check_inside(file.frames / self.rate)
        is_whole = start == 0 and wanted >= file.frames
        if file.format in COUNTED:
            wanted = min(wanted, file.frames - start)
        file.go_to(start)
        count = 0
        for block in self._samples(wanted, is_whole):
            count += len(block)
            yield block
        missing, tolerance = min(wanted, file.frames - start) - count, TOLERANCE_SECONDS * self.rate
        if (
            file.frames < _UNKNOWN_FRAMES
            and missing > max(tolerance, _MP3_FRAME)
            and states_frames(file, part)
        ):
            raise cut_short(
                part.shown,
                f"it ends after {(start + count) / self.rate:.2f} of "
                f"{file.frames / self.rate:.2f} s",
            )

    def _samples(self, wanted: float, is_whole: bool) -> Iterator[np.ndarray]:
        """Yields all channels' mean; of a whole FLAC file, checks that samples are those stated."""
        stated = None
        if is_whole:
            stated = self._hash()
        dtype, size = "int32" if stated else "float32", _BLOCK_VALUES // self._file.channels
        while len(block := self._file.read(int(min(size, wanted)), dtype=dtype, always_2d=True)):
            wanted -= len(block)
            if stated:
                stated.add(block)
                block = block.astype(np.float32)  # exact: no more than 24 bits are in use
                block *= 2**-31
            yield block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
        if stated and not stated.matches():
            raise damaged(self._part.shown, "its samples are not those that were encoded")

    def _hash(self) -> SampleHash | None:
        if self._file.format != "FLAC":
            return None
        with opened(self._part.source) as stream:
            header = read_header(stream)
        stated = None if header is None else SampleHash(header)
        if stated and stated.is_stated:
            return stated
        return None


class ContainerSound:
    """The first sound track of what FFmpeg's libraries read, as `FileSound`.

    Args:
        container: what `open_container` gave.
        part: Part that is to be read.

    Raises:
        DataError: there is no sound that can be decoded.
    """

    def __init__(self, container: Any, part: Part):
        if not container.streams.audio:
            raise DataError(
                "has no sound.",
                "Fix the file, or run with --skip-bad.",
                path=part.shown,
                reason="no_sound",
            )
        self._container, self._part = container, part
        self._stream = container.streams.audio[0]
        if not getattr(self._stream, "rate", None):  # PyAV has no such name without a decoder
            raise unreadable("sound", part.shown, "no decoder for it")
        self.rate, self.form = self._stream.rate, ""
        _check_header(self.rate, self._stream.channels, part.shown)

    @property
    def seconds(self) -> float:
        """Length of the whole track, as its header states it; 0 where it does not."""
        return stated_seconds(self._container, self._stream)

    def measured(self) -> float:
        """Returns the length of the whole track by its packets. Nothing can be read after it."""
        return measured_seconds(self._container, self._stream)

    def blocks(self, max_seconds: float = math.inf) -> Iterator[np.ndarray]:
        """Yields float32 (samples,) of the part, no more than `max_seconds`.

        Raises:
            DataError: the file is damaged or cut short, or the part lies outside it.
        """
        part, stream, rate = self._part, self._stream, self.rate
        _, missing = _span(part, rate, max_seconds)
        if part.start_seconds > LEAD_SECONDS:
            self._container.seek(
                round((part.start_seconds - LEAD_SECONDS) / stream.time_base), stream=stream
            )
        to_float = av.AudioResampler(format="fltp", rate=rate)
        before, reached = None, 0.0  # samples until the part, seconds of the track
        for frame in decoded(self._container, stream, part.source, part.shown):
            if before is None:
                before = max(0, round((part.start_seconds - (frame.time or 0)) * rate))
            reached = (frame.time or 0) + frame.samples / rate
            for piece in to_float.resample(frame):
                samples = piece.to_ndarray().mean(axis=0)  # (channels, samples) -> (samples,)
                skipped, before = min(before, len(samples)), max(0, before - len(samples))
                samples = samples[skipped : int(min(skipped + missing, len(samples)))]
                missing -= len(samples)
                if len(samples):
                    yield samples
            if missing <= 0:
                return
        part.check_inside(max(self.seconds, reached))  # not all headers say how long it is


def _cause(error: soundfile.LibsndfileError) -> str:
    return error.error_string.removeprefix("Error").lstrip(" :")


def _span(part: Part, rate: int, max_seconds: float) -> tuple[int, float]:
    """Returns the first sample of what is to be read, and how many there are to be."""
    if part.end_seconds is not None:
        max_seconds = min(max_seconds, part.end_seconds - part.start_seconds)
    if math.isinf(max_seconds):
        wanted = math.inf
    else:
        wanted = max(1, round(max_seconds * rate))
    return round(part.start_seconds * rate), wanted


def _check_header(rate: int, channels: int, shown: str) -> None:
    if not _RATES[0] <= rate <= _RATES[1]:
        raise DataError(
            f"claims {rate} samples a second, expected {_RATES[0]} to {_RATES[1]}.",
            "Fix the file, or run with --skip-bad.",
            path=shown,
            reason="bad_header",
        )
    if channels > _MAX_CHANNELS:
        raise DataError(
            f"claims {channels} channels, expected at most {_MAX_CHANNELS}.",
            "Fix the file, or run with --skip-bad.",
            path=shown,
            reason="bad_header",
        )
