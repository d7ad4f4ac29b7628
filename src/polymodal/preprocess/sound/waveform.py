"""Samples as they are, for encoders that learned filters of their own."""

from __future__ import annotations

import numpy as np

from polymodal.preprocess.sound.spectrogram import LogMel

_SMALLEST = 1e-7  # added to a recording's variance


class Waveform(LogMel):
    """The samples of a recording, a step each.

    Args:
        scaled: bool, whether a recording is brought to mean 0 and deviation 1.

    Source: Baevski et al., "wav2vec 2.0", 2020, section 2.
    """

    def __init__(self, scaled: bool):
        self.scaled, self.num_mels = scaled, 1
        self.window_length = self.hop_length = 1

    def num_frames(self, num_samples: int) -> int:
        """Returns how many samples there are; at least one."""
        return max(1, num_samples)

    def num_samples(self, num_frames: int) -> int:
        """Returns how many samples a waveform of so many steps has."""
        return num_frames

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Returns float32 (samples, 1) of a float32 waveform (samples,)."""
        samples = samples.astype(np.float32)  # a copy
        if self.scaled and len(samples):
            samples = (samples - samples.mean()) / np.sqrt(samples.var() + _SMALLEST)
        return samples[:, None]
