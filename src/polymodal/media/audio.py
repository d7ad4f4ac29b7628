"""Sound of any kind as one channel of samples at one rate."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import soxr

from polymodal.core.errors import DataError
from polymodal.media.cells import open_part, reads_cell
from polymodal.media.sound import open_sound

__all__ = ["MAX_SECONDS", "audio_length", "read_audio", "resampled"]

MAX_SECONDS = 600.0
_FAR_ABOVE_FULL_SCALE = 4.0  # small overshoots are usual in compressed sound


@reads_cell
def read_audio(
    cell: Any,
    root: str | os.PathLike | None = None,
    sample_rate: int | None = 16000,
    max_seconds: float = MAX_SECONDS,
) -> np.ndarray:
    """Reads sound, mixed to one channel and resampled; of a video, its first sound track.

    WAV, FLAC, Ogg (Vorbis, Opus) and MP3 go through libsndfile, everything else through FFmpeg's
    libraries. Only the first `max_seconds` are decoded, and of a cell with `start_seconds` and
    `end_seconds` only that part; it is resampled on the way, so that memory follows the result.
    Float files far beyond full scale are scaled down to it.

    Args:
        cell: media cell or part of one, see `polymodal.media.cells`.
        root: folder that relative paths start from.
        sample_rate: int, hertz of the result; None keeps the rate of the file.
        max_seconds: float, seconds to read at most.

    Returns:
        float32 (samples,), full scale is -1 to 1.

    Raises:
        DataError: the file is missing, broken, cut short, empty, or holds NaN or infinity; or a
            part lies outside it.
    """
    part = open_part(cell, root)
    with open_sound(part) as sound:
        measured = _Measured(sound.blocks(max_seconds), part.shown)
        blocks = list(resampled(measured, sound.rate, sample_rate or sound.rate))
    samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks or [np.zeros(0, "f4")])
    if not len(samples):
        if measured.first is None:
            raise DataError(
                "has 0 samples.",
                "Fix the file, or run with --skip-bad.",
                path=part.shown,
                reason="empty_audio",
            )
        samples = measured.first  # a click shorter than one new sample
    if measured.peak > _FAR_ABOVE_FULL_SCALE:
        samples = samples / measured.peak
    return np.ascontiguousarray(samples, np.float32)


@reads_cell
def audio_length(cell: Any, root: str | os.PathLike | None = None) -> tuple[int, float]:
    """Returns (sample rate in hertz, seconds) of a file, as its header states them, or a part; a
    file whose header leaves the length open is read through."""
    part = open_part(cell, root)
    with open_sound(part) as sound:
        rate, seconds = sound.rate, sound.seconds or sound.measured()
    if part.end_seconds is not None:
        seconds = min(seconds, part.end_seconds)
    return rate, max(0.0, seconds - part.start_seconds)


def resampled(blocks: Iterable[np.ndarray], rate: int, new_rate: int) -> Iterator[np.ndarray]:
    """Yields float32 (samples,) at another rate, block by block, none of them empty.

    Args:
        blocks: iterable of float32 (samples,).
        rate, new_rate: int, hertz.
    """
    if rate == new_rate:
        yield from blocks
        return
    resampler = soxr.ResampleStream(rate, new_rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        if len(changed := resampler.resample_chunk(block)):
            yield changed
    if len(changed := resampler.resample_chunk(np.zeros(0, np.float32), last=True)):
        yield changed


class _Measured:
    """Blocks of finite sound, of which the loudest sample is remembered, and the first.

    Args:
        blocks: iterable of float32 (samples,).
        shown: str, the name to show in messages.
    """

    def __init__(self, blocks: Iterable[np.ndarray], shown: str):
        self._blocks, self._shown = blocks, shown
        self.peak, self.first = 0.0, None

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self._blocks:
            peak = max(float(block.max()), -float(block.min()))
            if not np.isfinite(peak):
                raise DataError(
                    "has samples that are not numbers.",
                    "Fix the file, or run with --skip-bad.",
                    path=self._shown,
                    reason="not_finite",
                )
            if self.first is None:
                self.first = block[:1].copy()
            self.peak = max(self.peak, peak)
            yield block
