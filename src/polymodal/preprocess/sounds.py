"""Sounds: one recording per step of a sequence, as statistics of its log-mel spectrogram."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.preprocess.audio import Audio
from polymodal.preprocess.numbers.measured_steps import MeasuredSteps

__all__ = ["Sounds"]

_PARTS = 3  # of a recording, whose mean spectra are features


class Sounds(MeasuredSteps):
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
        super().__init__("recording", (2 + _PARTS) * num_mels + 1, max_length, noise)

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

    def measure(self, step: Any, root: str | os.PathLike | None) -> np.ndarray:
        samples = self.audio.decode(step, root)
        frames = self.audio.encode(samples)  # (frames, bands), as the audio is never fitted
        cuts = np.linspace(0, len(frames), _PARTS + 1).astype(int)
        parts = [
            frames[min(low, len(frames) - 1) : max(high, low + 1)].mean(axis=0)
            for low, high in itertools.pairwise(cuts)
        ]
        seconds = np.log(max(len(samples), 1) / self.audio.sample_rate)
        return np.concatenate([frames.mean(axis=0), frames.std(axis=0), *parts, [seconds]])
