"""The log-mel spectrogram that Whisper was trained with, in numpy."""

from __future__ import annotations

import numpy as np

from polymodal.preprocess.sound.spectrogram import LogMel

_SMALLEST = 1e-10  # power
_RANGE = 8.0  # powers of ten below the loudest that are told apart
_TOP_HERTZ = 8000.0
_LINEAR_HERTZ, _LINEAR_MELS = 1000.0, 15.0  # above, mels grow with the logarithm
_MELS_PER_NEPER = 27.0 / np.log(6.4)


class WhisperLogMel(LogMel):
    """Log power in mel-spaced bands, limited below the loudest, brought to about -1..1.

    Windows are centred at multiples of the hop: the first sees the waveform's beginning mirrored,
    and so does the last where the waveform is of the longest length.

    Args:
        sample_rate: int, hertz.
        num_mels: int, bands from 0 to 8,000 hertz.
        window_length: int, samples under one Hann window; also that of the transform.
        hop_length: int, samples from one window to the next.
        longest: int, samples; Whisper sees shorter ones filled up with silence to this length.

    Source: Radford et al., "Robust speech recognition via large-scale weak supervision", 2023,
    section 2.2; bands of Slaney, "Auditory toolbox", 1998.
    """

    def __init__(
        self, sample_rate: int, num_mels: int, window_length: int, hop_length: int, longest: int
    ):
        self.num_mels, self.longest = num_mels, longest
        self.window_length, self.hop_length = window_length, hop_length
        self._window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window_length) / window_length)
        edges = _hertz(np.linspace(0, _mels(np.array(_TOP_HERTZ)), num_mels + 2))
        self._bands = _bands(edges, np.fft.rfftfreq(window_length, 1 / sample_rate))
        self._hertz, self._top = edges[1:-1], _TOP_HERTZ

    def num_frames(self, num_samples: int) -> int:
        """Returns how many windows touch so many samples; at least one."""
        touched = -(-(num_samples + self.window_length // 2) // self.hop_length)
        return max(1, min(touched, self.longest // self.hop_length))

    def num_samples(self, num_frames: int) -> int:
        """Returns how many samples a waveform of so many windows has at most."""
        return max(1, num_frames * self.hop_length - self.window_length // 2)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Returns float32 (frames, num_mels) of a float32 waveform (samples,).

        The silence that Whisper fills up with is left to its encoder, which knows what its frames
        are: the lowest value of this spectrogram.
        """
        samples = samples[: self.longest]
        frames, half = self.num_frames(len(samples)), self.window_length // 2
        behind = min(self.longest - len(samples), 2 * self.window_length)
        padded = np.pad(np.pad(samples.astype(np.float64), (0, behind)), half, mode="reflect")
        mels = self.powers(padded, frames)
        return self.scaled(mels, mels.max())

    def powers(self, samples: np.ndarray, frames: int) -> np.ndarray:
        """Returns float64 (frames, num_mels), logarithms of the power in each band.

        Args:
            samples: float (samples,); the first window starts at the first of them.
            frames: int, windows at most.
        """
        windows = np.lib.stride_tricks.sliding_window_view(samples, self.window_length)
        spectrum = np.fft.rfft(windows[:: self.hop_length][:frames] * self._window)
        power = spectrum.real**2 + spectrum.imag**2  # (frames, bins)
        return np.log10(np.maximum(power @ self._bands, _SMALLEST))

    def scaled(self, mels: np.ndarray, loudest: float) -> np.ndarray:
        """Returns float32 (frames, num_mels) as Whisper sees it, from what `powers` gives and the
        largest value of the whole recording."""
        return ((np.maximum(mels, loudest - _RANGE) + 4.0) / 4.0).astype(np.float32)


def _bands(edges: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """Returns triangles (bins, num_mels) of the same area."""
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    hertz = hertz[:, None]  # (bins, 1)
    rising, falling = (hertz - low) / (centre - low), (high - hertz) / (high - centre)
    return np.maximum(0, np.minimum(rising, falling)) * (2.0 / (high - low))


def _mels(hertz: np.ndarray) -> np.ndarray:
    above = np.log(np.maximum(hertz, _LINEAR_HERTZ) / _LINEAR_HERTZ) * _MELS_PER_NEPER
    return np.where(
        hertz < _LINEAR_HERTZ, hertz * _LINEAR_MELS / _LINEAR_HERTZ, _LINEAR_MELS + above
    )


def _hertz(mels: np.ndarray) -> np.ndarray:
    above = np.exp(np.maximum(mels - _LINEAR_MELS, 0) / _MELS_PER_NEPER)
    return np.where(mels < _LINEAR_MELS, mels * _LINEAR_HERTZ / _LINEAR_MELS, _LINEAR_HERTZ * above)
