"""Sound read block by block, so that the length of a recording does not matter."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
import soxr

from polymodal.core.errors import DataError
from polymodal.data.cells import open_cell
from polymodal.data.media.audio import audio_length
from polymodal.data.media.container import open_container, unreadable

__all__ = ["stream_audio"]

_FIX = "Fix the file, or run with --skip-bad."


def stream_audio(
    cell: Any,
    sample_rate: int = 16000,
    block_seconds: float = 10.0,
    root: str | os.PathLike | None = None,
) -> Iterator[np.ndarray]:
    """Reads sound as `data.media.audio.read_audio` does, of any length, a block at a time.

    Nothing is scaled down, since the loudest place is not known in time.

    Args:
        cell: media cell, see `polymodal.data.cells`.
        sample_rate: int, hertz of the result.
        block_seconds: float, sound in a block, more or less.
        root: folder that relative paths start from.

    Returns:
        Iterator of float32 (samples,), none of them empty.

    Raises:
        DataError: at once if the file is missing or no sound; while reading if it is broken, cut
            short, empty, or holds NaN or infinity.
        ValueError: blocks have no length.
    """
    if block_seconds <= 0:
        raise ValueError(f"stream_audio needs block_seconds above 0. Got {block_seconds}. Use 10.")
    source, shown = open_cell(cell, root)
    rate, _ = audio_length(cell, root)
    size = max(1, round(block_seconds * rate))
    return _resampled(_checked(_blocks(source, shown, size), shown), rate, sample_rate)


def _blocks(source: bytes | Path, shown: str, size: int) -> Iterator[np.ndarray]:
    try:
        file = _Forward(io.BytesIO(source) if isinstance(source, bytes)
                        else os.fspath(source))
    except soundfile.LibsndfileError:
        yield from _container_blocks(source, shown, size)
        return
    with file:
        yield from _soundfile_blocks(file, shown, size)


class _Forward(soundfile.SoundFile):
    """A file that is read without seeking.

    soundfile seeks after every read, and a decoder of MP3 or Opus that was sent to a place lacks
    what came before it, so every block would start with an error.
    """

    def seekable(self) -> bool:
        return False


def _soundfile_blocks(file: soundfile.SoundFile, shown: str, size: int) -> Iterator[np.ndarray]:
    count = 0
    try:
        while len(block := file.read(size, dtype="float32", always_2d=True)):
            count += len(block)
            yield block.mean(axis=1)  # (samples, channels) -> (samples,)
    except soundfile.LibsndfileError as error:
        raise unreadable("sound", shown, str(error)) from None
    if count < file.frames and file.format in ("WAV", "WAVEX", "FLAC", "AIFF", "RF64"):
        rate = file.samplerate
        raise DataError(f"ends after {count / rate:.2f} of {file.frames / rate:.2f} s.", _FIX,
                        path=shown, reason="truncated_file")


def _container_blocks(source: bytes | Path, shown: str, size: int) -> Iterator[np.ndarray]:
    with open_container(source, shown, "sound") as container:
        stream = container.streams.audio[0]
        to_float = av.AudioResampler(format="fltp", rate=stream.rate)
        waiting, count = [], 0
        for frame in container.decode(stream):
            for part in to_float.resample(frame):
                waiting.append(part.to_ndarray().mean(axis=0))  # (channels, samples) -> (samples,)
                count += part.samples
            if count >= size:
                yield np.concatenate(waiting, dtype=np.float32)
                waiting, count = [], 0
        if count:
            yield np.concatenate(waiting, dtype=np.float32)


def _checked(blocks: Iterator[np.ndarray], shown: str) -> Iterator[np.ndarray]:
    empty = True
    for block in blocks:
        if not np.isfinite(block).all():
            raise DataError("holds samples that are not numbers.", _FIX, path=shown,
                            reason="not_finite")
        empty = False
        yield block
    if empty:
        raise DataError("holds 0 samples.", _FIX, path=shown, reason="empty_audio")


def _resampled(blocks: Iterator[np.ndarray], rate: int, new_rate: int) -> Iterator[np.ndarray]:
    if rate == new_rate:
        yield from blocks
        return
    resampler = soxr.ResampleStream(rate, new_rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        if len(resampled := resampler.resample_chunk(block)):
            yield resampled
    if len(resampled := resampler.resample_chunk(np.zeros(0, np.float32), last=True)):
        yield resampled
