"""What is measured of a sound, once."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from polymodal.media.audio import read_audio
from polymodal.media.cells import open_part
from polymodal.media.identity import content_hash
from polymodal.media.sound import open_sound
from polymodal.questions.inspection.measured.vectors import as_text

_FRAME_SECONDS = 0.032
_BANDS = 16
_SLOTS = 32
_LOWEST, _HIGHEST = 100.0, 3800.0  # hertz, which every usual rate has
_NEAR_PEAK = 0.97
_ACTIVE_DECIBELS = 30.0  # below the loudest frame, a frame is silence
_MOST_SECONDS = 600.0


def measure_sound(cell: Any, root: Any) -> dict[str, Any]:
    """Returns rate, length, loudness, clipping, spectrum and a fingerprint of a sound."""
    with open_sound(open_part(cell, root)) as sound:
        rate = sound.rate
    samples = read_audio(cell, root, sample_rate=None, max_seconds=_MOST_SECONDS)
    return {"rate": rate, **measure_samples(samples, rate)}


def measure_samples(samples: np.ndarray, rate: int) -> dict[str, Any]:
    """Returns what `measure_sound` does, of float32 (samples,)."""
    mean = float(samples.mean())
    moving = samples - mean
    peak, loudness = float(np.abs(moving).max()), float(np.sqrt(np.mean(moving**2)))
    power, hertz = _power(moving, rate)  # (frames, bins)
    total = power.sum(axis=1)
    active = total > total.max() * 10 ** (-_ACTIVE_DECIBELS / 10)
    return {
        "hash": content_hash(samples),
        "seconds": len(samples) / rate,
        "peak": peak,
        "decibels": 20 * float(np.log10(max(loudness, 1e-7))),
        "offset": abs(mean),
        "near_peak": float((np.abs(moving) > _NEAR_PEAK * peak).mean()),
        "active_seconds": float(active.mean()) * len(samples) / rate,
        "flatness": _flatness(power),
        "centre": _centre(power, hertz),
        "vector": as_text(_fingerprint(power, hertz)),
    }


def _power(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    length = max(16, round(_FRAME_SECONDS * rate))
    if len(samples) < length:
        samples = np.pad(samples, (0, length - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[:: length // 2]
    window = np.hanning(length).astype(np.float32)
    return np.abs(np.fft.rfft(frames * window, axis=1)) ** 2, np.fft.rfftfreq(length, 1 / rate)


def _flatness(power: np.ndarray) -> float:
    """Returns the flatness of the mean spectrum in decibels: near 0 for white noise."""
    spectrum = power.mean(axis=0)[1:] + 1e-12
    return 10 * float(np.log10(np.exp(np.log(spectrum).mean()) / spectrum.mean()))


def _centre(power: np.ndarray, hertz: np.ndarray) -> float:
    spectrum = power.sum(axis=0)
    return float((spectrum * hertz).sum() / max(float(spectrum.sum()), 1e-12))


def _fingerprint(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """Returns (16 bands * 32 moments,) of 0 to 255: the log energies, stretched to one length."""
    edges = np.geomspace(_LOWEST, _HIGHEST, _BANDS + 1)
    places = np.searchsorted(hertz, edges)
    bands = np.stack(
        [
            power[:, low : max(high, low + 1)].sum(axis=1)
            for low, high in itertools.pairwise(places)
        ],
        axis=1,
    )
    moments = np.linspace(0, len(bands), _SLOTS + 1)
    slots = np.stack(
        [
            bands[int(a) : max(int(np.ceil(b)), int(a) + 1)].mean(axis=0)
            for a, b in itertools.pairwise(moments)
        ]
    )
    decibels = 10 * np.log10(slots + 1e-10)
    decibels = np.maximum(decibels, decibels.max() - 60)
    return ((decibels - decibels.min()) * 4.25).reshape(-1)
