"""Log-mel spectrograms in numpy."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy.fft import next_fast_len

# Multiplications up to which a matrix product stays in the thread that asks for it: rows are
# encoded in parallel already, and threads inside threads wait for each other.
_ONE_THREAD = 1 << 18
_FLOOR = 1e-8  # power; 80 decibels below full scale, above 16-bit rounding
_STRETCHED = 0.8  # of the frequencies; those above make up for it, so that the highest stays


class LogMel:
    """Log power in mel-spaced bands of a waveform, window by window.

    Args:
        sample_rate: int, hertz.
        num_mels: int, bands from 0 hertz to half the sample rate.
        window_length: int, samples under one Hann window.
        hop_length: int, samples from one window to the next.

    Source: Stevens, Volkmann and Newman (1937), the mel scale, in O'Shaughnessy's formula.
    """

    def __init__(self, sample_rate: int, num_mels: int, window_length: int, hop_length: int):
        self.num_mels = num_mels
        self.window_length, self.hop_length = window_length, hop_length
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(window_length) + 0.5) / window_length)
        self._window = (hann / np.sqrt((hann**2).sum())).astype(np.float32)
        self.fft_length, self._bands = _bands(sample_rate, num_mels, window_length)
        self._hertz = _edges(sample_rate, num_mels)[1:-1]  # where each band is highest
        self._top = sample_rate / 2
        self._rows = max(1, _ONE_THREAD // self._bands.size)  # frames in one matrix product

    def num_frames(self, num_samples: int) -> int:
        """Returns how many windows fit into so many samples; at least one."""
        return 1 + max(0, num_samples - self.window_length) // self.hop_length

    def num_samples(self, num_frames: int) -> int:
        """Returns how many samples a waveform of so many windows has at most."""
        return self.window_length + num_frames * self.hop_length - 1

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Returns float32 (frames, num_mels) of a float32 waveform (samples,)."""
        if len(samples) < self.window_length:
            samples = np.pad(samples, (0, self.window_length - len(samples)))
        windows = np.lib.stride_tricks.sliding_window_view(samples, self.window_length)
        windows = windows[:: self.hop_length] * self._window  # (frames, window_length)
        spectrum = np.fft.rfft(windows, self.fft_length)  # (frames, bins)
        power = spectrum.real**2
        power += spectrum.imag**2
        mels = np.empty((len(power), self.num_mels), np.float32)  # (frames, num_mels)
        for start in range(0, len(power), self._rows):
            part = slice(start, start + self._rows)
            np.matmul(power[part], self._bands, out=mels[part])
        mels += _FLOOR
        return np.log(mels, out=mels)

    def stretched(self, features: np.ndarray, factor: float) -> np.ndarray:
        """Returns a spectrogram (frames, num_mels) with its frequencies moved.

        What was heard at `factor` times f hertz is heard at f, except for the highest fifth, which
        makes up for it.

        Source: Jaitly and Hinton, "Vocal tract length perturbation improves speech recognition",
        2013; on the bands of the spectrogram instead of the filters.
        """
        knee = _STRETCHED * self._top * min(factor, 1.0) / factor
        slope = (self._top - knee * factor) / (self._top - knee)
        source = np.where(
            self._hertz <= knee, self._hertz * factor, self._top - slope * (self._top - self._hertz)
        )
        place = np.interp(source, self._hertz, np.arange(self.num_mels))
        low = np.minimum(place.astype(int), max(0, self.num_mels - 2))
        high = np.minimum(low + 1, self.num_mels - 1)
        share = (place - low).astype(np.float32)
        return features[:, low] * (1 - share) + features[:, high] * share


def _bands(sample_rate: int, num_mels: int, window_length: int) -> tuple[int, np.ndarray]:
    """Returns the FFT length and the triangles (bins, num_mels).

    The transform is made longer until every triangle holds a bin, so that no band is always silent.
    """
    edges = _edges(sample_rate, num_mels)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    fft_length = _fast_length(window_length)
    while True:
        hertz = np.fft.rfftfreq(fft_length, 1 / sample_rate)[:, None]  # (bins, 1)
        rising, falling = (hertz - low) / (centre - low), (high - hertz) / (high - centre)
        bands = np.maximum(0, np.minimum(rising, falling))
        if bands.any(axis=0).all():
            return fft_length, bands.astype(np.float32)
        fft_length = _fast_length(fft_length + 1)


def _fast_length(least: int) -> int:
    """Returns the least length from `least` on that the FFT takes fast."""
    return cast(int, next_fast_len(least, real=True))


def _edges(sample_rate: int, num_mels: int) -> np.ndarray:
    """Returns where bands start, are highest and end, in hertz, (num_mels + 2,)."""
    return _to_hertz(np.linspace(0, _to_mel(sample_rate / 2), num_mels + 2))


def _to_mel(hertz: float) -> float:
    return 2595 * np.log10(1 + hertz / 700)


def _to_hertz(mel: np.ndarray) -> np.ndarray:
    return 700 * (10 ** (mel / 2595) - 1)
