"""Voice activity detection: sound above a tracked noise floor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["ActivityDetector", "speech_regions"]

_BANDS = (100, 300, 500, 800, 1200, 1800, 2600, 3800)  # hertz; below the bandwidth of telephones
_HOP_SECONDS, _WINDOW_SECONDS = 0.01, 0.02
_SMOOTH_FRAMES, _FLOOR_SMOOTH_FRAMES = 3, 9  # odd
_AHEAD_SECONDS = 0.5
_BLOCK_SECONDS = 30.0  # spectra of a whole recording would take much memory
_SILENCE = 1e-8  # power, relative to a full-scale sine, of the detection floor
_FLOOR_BIAS = 2.0  # decibels that the lowest of many noisy powers lies below their mean


class ActivityDetector:
    """Marks frames of 10 ms as speech, block by block; blocks of any size give the same frames.

    In each of seven bands the noise floor is the lowest power of the last `floor_seconds` and the
    next half second. A frame is speech from where its mean excess over the floors reaches
    `on_decibels` to where it was below `off_decibels` for `hang_seconds`.

    Args:
        sample_rate: int, hertz, at least 8000.
        on_decibels: float, excess at which speech starts.
        off_decibels: float, excess below which it ends.
        hang_seconds: float, how long it must be below.
        floor_seconds: float, how far back the floor is looked for; longer than speech without any
            pause between its sounds.

    Raises:
        ValueError: the rate is below 8000, or speech would end above where it starts.

    Source: the noise floor is that of Martin 2001, "Noise power spectral density estimation based
    on optimal smoothing and minimum statistics", with a constant smoothing and bias, and with half
    a second of the future, since recordings often begin with speech.

    Example:

    >>> detector = ActivityDetector(8000)
    >>> quiet, loud = np.zeros(8000), np.sin(np.arange(4000.0))
    >>> active = np.concatenate([detector.push(np.concatenate([quiet, loud, quiet])),
    ...                          detector.finish()])
    >>> len(active), round(float(active.sum() * detector.frame_seconds), 1)
    (249, 0.7)
    """

    def __init__(
        self,
        sample_rate: int,
        on_decibels: float = 3.0,
        off_decibels: float = 1.5,
        hang_seconds: float = 0.2,
        floor_seconds: float = 2.0,
    ):
        if sample_rate < 8000:
            raise ValueError(
                f"ActivityDetector needs a sample_rate of at least 8000. "
                f"Got {sample_rate}. Resample the sound."
            )
        if off_decibels > on_decibels:
            raise ValueError(
                "ActivityDetector needs off_decibels of at most on_decibels. "
                f"Got {off_decibels} and {on_decibels}. Lower off_decibels."
            )
        self.hop_length = round(_HOP_SECONDS * sample_rate)
        self.frame_seconds = self.hop_length / sample_rate
        self.on_decibels, self.off_decibels = on_decibels, off_decibels
        self.hang_frames = max(1, round(hang_seconds / self.frame_seconds))
        self._past = round(floor_seconds / self.frame_seconds)
        self._ahead = round(_AHEAD_SECONDS / self.frame_seconds)
        self._window = np.hanning(round(_WINDOW_SECONDS * sample_rate) + 2)[1:-1]
        hertz = np.fft.rfftfreq(len(self._window), 1 / sample_rate)
        self._bins = np.searchsorted(hertz, _BANDS)
        self._samples = np.zeros(0)  # not yet in any frame
        self._powers = np.zeros((0, len(_BANDS) - 1))  # (frames, bands)
        self._undecided = 0  # the first frame of `_powers` that was not returned
        self._quiet = self.hang_frames  # frames since the last loud one

    def push(self, samples: Any) -> np.ndarray:
        """Takes samples; returns the decided frames, bool (frames,), oldest first."""
        self._samples = np.concatenate([self._samples, np.asarray(samples, np.float64)])
        count = max(0, (len(self._samples) - len(self._window)) // self.hop_length + 1)
        if count:
            frames = sliding_window_view(self._samples, len(self._window))[:: self.hop_length]
            self._powers = np.concatenate([self._powers, self._band_powers(frames)])
            self._samples = self._samples[count * self.hop_length :]
        ahead = self._ahead + _FLOOR_SMOOTH_FRAMES // 2
        return self._decide(max(self._undecided, len(self._powers) - ahead))

    def finish(self) -> np.ndarray:
        """Returns the remaining frames."""
        return self._decide(len(self._powers))

    def _band_powers(self, frames: np.ndarray) -> np.ndarray:
        spectra = np.abs(np.fft.rfft(frames * self._window)) ** 2  # (frames, bins)
        spectra *= (2 / self._window.sum()) ** 2
        return np.add.reduceat(spectra[:, : self._bins[-1]], self._bins[:-1], axis=1)

    def _decide(self, end: int) -> np.ndarray:
        if end == self._undecided:
            return np.zeros(0, bool)
        active = self._hysteresis(self._excess()[self._undecided : end])
        keep = max(0, end - self._past - _FLOOR_SMOOTH_FRAMES)
        self._powers, self._undecided = self._powers[keep:], end - keep
        return active

    def _excess(self) -> np.ndarray:
        """Returns how many decibels each frame lies above the floors, on average over bands."""
        floors = _decibels(_smoothed(self._powers, _FLOOR_SMOOTH_FRAMES))
        padded = np.pad(floors, ((self._past, self._ahead), (0, 0)), constant_values=np.inf)
        floors = sliding_window_view(padded, self._past + self._ahead + 1, axis=0).min(axis=-1)
        powers = _decibels(_smoothed(self._powers, _SMOOTH_FRAMES))
        return np.maximum(powers - floors - _FLOOR_BIAS, 0).mean(axis=1)  # (frames,)

    def _hysteresis(self, excess: np.ndarray) -> np.ndarray:
        active = np.empty(len(excess), bool)
        for index, value in enumerate(excess.tolist()):
            is_loud = value >= (
                self.off_decibels if self._quiet < self.hang_frames else self.on_decibels
            )
            self._quiet = 0 if is_loud else self._quiet + 1
            active[index] = self._quiet < self.hang_frames
        return active


def speech_regions(
    samples: Any, sample_rate: int, min_seconds: float = 0.05, **settings: float
) -> list[tuple[float, float]]:
    """Returns (start, end) in seconds of each stretch of speech in a recording.

    Args:
        samples: float (samples,).
        sample_rate: int, hertz, at least 8000.
        min_seconds: float, shorter stretches are dropped as clicks; what `hang_seconds` adds at the
            end is not counted.
        **settings: of ActivityDetector.
    """
    detector = ActivityDetector(sample_rate, **settings)
    size = round(_BLOCK_SECONDS * sample_rate)
    blocks = [
        detector.push(samples[start : start + size]) for start in range(0, len(samples), size)
    ]
    active = np.concatenate([*blocks, detector.finish()])
    edges = np.flatnonzero(np.diff(active, prepend=False, append=False)).reshape(-1, 2)
    shortest = min_seconds / detector.frame_seconds + detector.hang_frames - 1
    return [
        (start * detector.frame_seconds, end * detector.frame_seconds)
        for start, end in edges.tolist()
        if end - start >= shortest
    ]


def _smoothed(powers: np.ndarray, num_frames: int) -> np.ndarray:
    """Returns the mean over a centred window, which is shorter at both ends."""
    half = num_frames // 2
    padded = np.pad(powers, ((half, half), (0, 0)))
    counts = np.pad(np.ones(len(powers)), half)
    sums, weights = np.zeros_like(powers), np.zeros(len(powers))
    for shift in range(num_frames):
        sums = sums + padded[shift : shift + len(powers)]
        weights = weights + counts[shift : shift + len(powers)]
    return sums / weights[:, None]


def _decibels(powers: np.ndarray) -> np.ndarray:
    return 10 * np.log10(powers + _SILENCE)
