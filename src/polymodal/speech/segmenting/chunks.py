"""Segmentation of a long recording into chunks that a model can take, cut at pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from polymodal.speech.segmenting.activity import speech_regions

__all__ = ["Chunk", "cut_chunks"]


@dataclass(frozen=True)
class Chunk:
    """A part of a recording.

    Args:
        samples: float32 (samples,).
        start: int, place of its first sample in the recording.
        sample_rate: int, hertz.
    """

    samples: np.ndarray
    start: int
    sample_rate: int

    @property
    def start_seconds(self) -> float:
        """When it starts, from the start of the recording."""
        return self.start / self.sample_rate

    @property
    def end_seconds(self) -> float:
        """When it ends, from the start of the recording."""
        return (self.start + len(self.samples)) / self.sample_rate


def cut_chunks(
    blocks: Iterable[np.ndarray],
    sample_rate: int,
    max_seconds: float = 30.0,
    overlap_seconds: float = 3.0,
    min_pause_seconds: float = 0.2,
) -> Iterator[Chunk]:
    """Cuts a recording in the middle of the longest pause in the second half of each chunk.

    Where there is no pause a chunk is as long as it may be, and the next one starts before its
    end, so that a word at the cut is whole in one of them. The chunks do not depend on how the
    recording is split into blocks; never more than one chunk and one block are held.

    Args:
        blocks: iterable of float32 (samples,), such as `stream_audio` gives.
        sample_rate: int, hertz, at least 8000.
        max_seconds: float, length of a chunk at most.
        overlap_seconds: float, length of an overlap; longer than the longest word.
        min_pause_seconds: float, shorter gaps are not cut at.

    Returns:
        Iterator of Chunk, in order, that covers the recording.

    Raises:
        ValueError: chunks would overlap by half or more, or the rate is below 8000.

    Example:

    >>> silence = np.zeros(8000 * 5, np.float32)
    >>> [chunk.start_seconds for chunk in cut_chunks([silence, silence], 8000, max_seconds=4.0,
    ...                                              overlap_seconds=1.0)]
    [0.0, 3.0, 6.0]
    """
    if not 0 <= overlap_seconds < max_seconds / 2:
        raise ValueError(
            "cut_chunks needs overlap_seconds below half of max_seconds. "
            f"Got {overlap_seconds} and {max_seconds}. Cut longer chunks."
        )
    if sample_rate < 8000:
        raise ValueError(
            f"cut_chunks needs a sample_rate of at least 8000. Got {sample_rate}. "
            "Resample the sound."
        )
    size, overlap = round(max_seconds * sample_rate), round(overlap_seconds * sample_rate)
    return _chunks(blocks, sample_rate, size, overlap, min_pause_seconds)


def _chunks(
    blocks: Iterable[np.ndarray],
    sample_rate: int,
    size: int,
    overlap: int,
    min_pause_seconds: float,
) -> Iterator[Chunk]:
    held, start = np.zeros(0, np.float32), 0
    for block in blocks:
        held = np.concatenate([held, block], dtype=np.float32)
        while len(held) > size:
            cut = _pause(held[:size], sample_rate, min_pause_seconds)
            end, following = (cut, cut) if cut else (size, size - overlap)
            yield Chunk(held[:end].copy(), start, sample_rate)
            held, start = held[following:], start + following
    if len(held):
        yield Chunk(held, start, sample_rate)


def _pause(samples: np.ndarray, sample_rate: int, min_pause_seconds: float) -> int | None:
    """Returns the middle of the longest pause in the second half, None where there is none."""
    seconds = len(samples) / sample_rate
    free, pauses = seconds / 2, []
    # What hangs over would eat up short pauses, and short gaps are no pauses here anyway.
    regions = speech_regions(samples, sample_rate, hang_seconds=0.05)
    for start, end in [*regions, (seconds, seconds)]:
        if start - free >= min_pause_seconds:
            pauses.append((start - free, (free + start) / 2))
        free = max(free, end)
    if pauses:
        return round(max(pauses)[1] * sample_rate)
    return None
