"""Sound read block by block, so that the length of a recording does not matter."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from typing import Any

import av
import numpy as np
import soundfile
import soxr

from polymodal.core.errors import DataError, cell_error
from polymodal.data.cells import Part, open_part
from polymodal.data.media.audio import audio_length
from polymodal.data.media.container import open_container, unreadable
from polymodal.data.media.forward import COUNTED, LEAD_SECONDS, ForwardFile
from polymodal.data.media.whole import announces_nothing, check_whole

__all__ = ["as_mono", "resampled", "stream_audio"]

_FIX = "Fix the file, or run with --skip-bad."
_LOUDEST = 10.0  # far above full scale: no float sound


def stream_audio(
    cell: Any,
    sample_rate: int = 16000,
    block_seconds: float = 10.0,
    root: str | os.PathLike | None = None,
) -> Iterator[np.ndarray]:
    """Reads sound as `data.media.audio.read_audio` does, of any length, a block at a time.

    Nothing is scaled down, since the loudest place is not known in time.

    Args:
        cell: media cell or part of one, see `polymodal.data.cells`.
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
        raise DataError(f"A block of sound needs to be (samples,) or (samples, channels), float or "
                        f"whole numbers. Got {given.dtype} {given.shape}.",
                        "Pass what the microphone gives, as int16 or float32.", reason="not_sound")
    scale = 1.0 if given.dtype.kind == "f" else 1 / (np.iinfo(given.dtype).max + 1)
    samples = (given * scale).astype(np.float32)
    largest = np.abs(samples).max(initial=0)
    if not largest < _LOUDEST:  # nan neither
        raise DataError(f"A block of sound needs values of -1 to 1. Got {largest:g}.",
                        "Pass whole numbers as int16, or divide by 32768.", reason="not_sound")
    return samples if samples.ndim == 1 else samples.mean(axis=1)


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


def _blocks(part: Part, size: int) -> Iterator[np.ndarray]:
    try:
        file = ForwardFile(part.source)
    except soundfile.LibsndfileError:
        yield from _container_blocks(part, size)
        return
    with file:
        try:
            yield from _soundfile_blocks(file, part, size)
        except soundfile.LibsndfileError as error:
            raise unreadable("sound", part.shown, str(error)) from None


def _soundfile_blocks(file: ForwardFile, part: Part, size: int) -> Iterator[np.ndarray]:
    rate = file.samplerate
    if announces_nothing(file, part):
        yield from _container_blocks(part, size)
        return
    start = round(part.start_seconds * rate)
    wanted = _num_frames(part, rate)
    check_whole(file, part, start + wanted)
    part.check_inside(file.frames / rate)
    if file.format in COUNTED:
        wanted = min(wanted, file.frames - start)
    file.go_to(start)
    count = 0
    while len(block := file.read(int(min(size, wanted - count)), dtype="float32",
                                 always_2d=True)):
        count += len(block)
        yield block.mean(axis=1)  # (samples, channels) -> (samples,)
    if count < wanted and file.format in COUNTED:
        raise DataError(f"ends after {count / rate:.2f} of {wanted / rate:.2f} s.", _FIX,
                        path=part.shown, reason="truncated_file")


def _num_frames(part: Part, rate: int) -> float:
    if part.end_seconds is None:
        return math.inf
    return max(1, round((part.end_seconds - part.start_seconds) * rate))


def _container_blocks(part: Part, size: int) -> Iterator[np.ndarray]:
    waiting, count = [], 0
    for samples in _container_frames(part):
        waiting.append(samples)
        count += len(samples)
        if count >= size:
            yield np.concatenate(waiting, dtype=np.float32)
            waiting, count = [], 0
    if count:
        yield np.concatenate(waiting, dtype=np.float32)


def _container_frames(part: Part) -> Iterator[np.ndarray]:
    """Yields the sound of each frame as far as it belongs to the part, float (samples,)."""
    with open_container(part.source, part.shown, "sound") as container:
        stream = container.streams.audio[0]
        missing = _num_frames(part, stream.rate)
        if part.start_seconds > LEAD_SECONDS:
            container.seek(round((part.start_seconds - LEAD_SECONDS) / stream.time_base),
                           stream=stream)
        to_float = av.AudioResampler(format="fltp", rate=stream.rate)
        before = None  # samples until the part
        for frame in container.decode(stream):
            if before is None:
                before = max(0, round((part.start_seconds - (frame.time or 0)) * stream.rate))
            for piece in to_float.resample(frame):
                samples = piece.to_ndarray().mean(axis=0)  # (channels, samples) -> (samples,)
                skipped, before = min(before, len(samples)), max(0, before - len(samples))
                samples = samples[skipped : int(min(skipped + missing, len(samples)))]
                missing -= len(samples)
                yield samples
            if missing <= 0:
                return
    if part.end_seconds is not None:
        part.check_inside(audio_length(part.source)[1])


def _checked(blocks: Iterator[np.ndarray], shown: str) -> Iterator[np.ndarray]:
    empty, blocks = True, _of_file(blocks, shown)
    for block in blocks:
        if not np.isfinite(block).all():
            raise DataError("holds samples that are not numbers.", _FIX, path=shown,
                            reason="not_finite")
        empty = False
        yield block
    if empty:
        raise DataError("holds 0 samples.", _FIX, path=shown, reason="empty_audio")


def _of_file(blocks: Iterator[np.ndarray], shown: str) -> Iterator[np.ndarray]:
    try:
        yield from blocks
    except Exception as error:  # decoders raise of every kind
        raise cell_error(error, path=shown) from error
