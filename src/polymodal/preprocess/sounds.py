"""Sounds: one recording per step of a sequence, as statistics of its log-mel spectrogram."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.media.identity import cell_hash
from polymodal.media.media_cell import media_cell
from polymodal.preprocess.audio import Audio
from polymodal.preprocess.modality import check_range
from polymodal.preprocess.sequence import Sequence as Vectors
from polymodal.preprocess.sequence import listed_steps

__all__ = ["Sounds"]

_PARTS = 3  # of a recording, whose mean spectra are features
_MOST_KEPT = 100_000  # recordings whose statistics are kept in memory


class Sounds(Vectors):
    """A list of recordings, one for each step, each as a vector: mean and deviation over time of
    its log-mel spectrogram, the means of its three thirds, and the logarithm of its seconds.

    A step that is None is missing, as in `Sequence`, and each number is standardised by the train
    split. A recording is decoded once, its statistics are kept.

    Args:
        sample_rate: int, hertz that sound is resampled to.
        max_seconds: float, longer recordings are cut there.
        num_mels: int, bands of the spectrogram.
        max_length: int, steps; longer sequences are cut there.
        noise: float, augmentation: normal noise of this many standard deviations.

    Example:

    >>> sounds = Sounds(sample_rate=8000, num_mels=20)
    >>> sounds.shape
    (None, 101)
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        max_seconds: float = 30.0,
        num_mels: int = 40,
        max_length: int = 512,
        noise: float = 0.1,
    ):
        self.audio = Audio(sample_rate, max_seconds, num_mels)
        check_range("Sounds", "max_length", max_length, 1, 1_000_000)
        super().__init__((2 + _PARTS) * num_mels + 1, max_length, noise)
        self._known: dict[Any, np.ndarray] = {}

    @classmethod
    def suggest(cls, cells: Iterable[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        lists = [cell for cell in cells if isinstance(cell, list)]
        found = Audio.suggest([step for cell in lists for step in cell], root)
        if not found:
            return {}
        longest = max(map(len, lists))
        return {
            "sample_rate": found["sample_rate"],
            "max_seconds": found["max_seconds"],
            "max_length": min(2048, max(8, 2 * longest)),
        }

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns float32 (time, dim), one step above the limit if longer."""
        fix = "Check the modality of this column."
        steps = listed_steps(cell, "recording", fix)[: self.limit + 1]
        found = np.full((len(steps), self.dim or 1), np.nan, np.float32)
        for place, step in enumerate(steps):
            if step is not None:
                found[place] = self._kept(step, root, place + 1)
        return found

    def _kept(self, step: Any, root: str | os.PathLike | None, number: int) -> np.ndarray:
        """Returns the statistics of the recording of one step."""
        try:
            key = _identity(step, root)
            if key not in self._known:
                if len(self._known) >= _MOST_KEPT:
                    self._known.clear()
                self._known[key] = self._statistics(self.audio.decode(step, root))
        except DataError as error:
            error.problem = f"at step {number} {error.problem}"
            raise
        return self._known[key]

    def _statistics(self, samples: np.ndarray) -> np.ndarray:
        frames = self.audio.encode(samples)  # (frames, bands), as the audio is never fitted
        cuts = np.linspace(0, len(frames), _PARTS + 1).astype(int)
        parts = [
            frames[min(low, len(frames) - 1) : max(high, low + 1)].mean(axis=0)
            for low, high in itertools.pairwise(cuts)
        ]
        seconds = np.log(max(len(samples), 1) / self.audio.sample_rate)
        return np.concatenate([frames.mean(axis=0), frames.std(axis=0), *parts, [seconds]])


def _identity(step: Any, root: str | os.PathLike | None) -> Any:
    """Returns what tells a recording from others, and from itself after a change."""
    each: list[Sequence[Any]] = []
    for path in media_cell(step).files(root):
        if not Path(path).exists():
            continue  # the reader says so
        found = Path(path).stat()
        each.append((str(path), found.st_size, found.st_mtime_ns, found.st_ino))
    return cell_hash(step), tuple(each)
