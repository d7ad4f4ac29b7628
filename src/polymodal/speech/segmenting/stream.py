"""Sound read block by block, for recordings of any length."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, cell_error
from polymodal.media.audio import audio_length, resampled
from polymodal.media.cells import Part, open_part
from polymodal.media.sound import open_sound

__all__ = ["as_mono", "stream_audio"]

_FIX = "Fix the file, or run with --skip-bad."
_LOUDEST = 10.0  # far above full scale: no float sound


def stream_audio(
    cell: Any,
    sample_rate: int = 16000,
    block_seconds: float = 10.0,
    root: str | os.PathLike | None = None,
) -> Iterator[np.ndarray]:
    """Reads sound as `media.audio.read_audio` does, of any length, a block at a time.

    Nothing is scaled down, since the peak is not known in time.

    Args:
        cell: media cell or part of one, see `polymodal.media.cells`.
        sample_rate: int, hertz of the result.
        block_seconds: float, sound in a block, more or less.
        root: folder that relative paths start from.

    Returns:
        Iterator of float32 (samples,), none of them empty.

    Raises:
        DataError: at once if the file is missing or no sound; while reading if it is broken, cut
            short, empty, or holds NaN or infinity, or if a part lies outside it.
        ValueError: blocks have no length.
    """
    if block_seconds <= 0:
        raise ValueError(f"stream_audio needs block_seconds above 0. Got {block_seconds}. Use 10.")
    part = open_part(cell, root)
    rate, _ = audio_length(cell, root)
    size = max(1, round(block_seconds * rate))
    return resampled(_checked(_blocks(part, size), part.shown), rate, sample_rate)


def as_mono(block: Any) -> np.ndarray:
    """Returns float32 (samples,) of -1 to 1 for a block as a microphone gives it.

    Args:
        block: float of -1 to 1, or whole numbers of 16 or 32 bits; (samples,) or (samples,
            channels), of which the mean is taken.

    Raises:
        DataError: it is something else, or holds NaN or infinity.
    """
    given = np.asarray(block)
    if given.ndim not in (1, 2) or given.dtype.kind not in "fi":
        raise DataError(
            f"A block of sound needs to be (samples,) or (samples, channels), float or "
            f"whole numbers. Got {given.dtype} {given.shape}.",
            "Pass what the microphone gives, as int16 or float32.",
            reason="not_sound",
        )
    if given.dtype.kind == "f":
        scale = 1.0
    else:
        scale = 1 / (np.iinfo(given.dtype).max + 1)
    samples = (given * scale).astype(np.float32)
    largest = np.abs(samples).max(initial=0)
    if not largest < _LOUDEST:  # nan neither
        raise DataError(
            f"A block of sound needs values of -1 to 1. Got {largest:g}.",
            "Pass whole numbers as int16, or divide by 32768.",
            reason="not_sound",
        )
    if samples.ndim == 1:
        return samples
    return samples.mean(axis=1)


def _blocks(part: Part, size: int) -> Iterator[np.ndarray]:
    """Yields the sound of a part, `size` samples and a little more at a time."""
    waiting, count = [], 0
    with open_sound(part) as sound:
        for samples in sound.blocks():
            for piece in np.array_split(samples, max(1, len(samples) // size)):
                waiting.append(piece)
                count += len(piece)
                if count >= size:
                    yield np.concatenate(waiting, dtype=np.float32)
                    waiting, count = [], 0
    if count:
        yield np.concatenate(waiting, dtype=np.float32)


def _checked(blocks: Iterator[np.ndarray], shown: str) -> Iterator[np.ndarray]:
    empty, blocks = True, _of_file(blocks, shown)
    for block in blocks:
        if not np.isfinite(block).all():
            raise DataError(
                "has samples that are not numbers.", _FIX, path=shown, reason="not_finite"
            )
        empty = False
        yield block
    if empty:
        raise DataError("has 0 samples.", _FIX, path=shown, reason="empty_audio")


def _of_file(blocks: Iterator[np.ndarray], shown: str) -> Iterator[np.ndarray]:
    try:
        yield from blocks
    except Exception as error:  # decoders raise of every kind
        raise cell_error(error, path=shown) from error
