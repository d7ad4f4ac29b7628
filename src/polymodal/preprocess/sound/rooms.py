"""Room echo (reverberation) as augmentation."""

from __future__ import annotations

import numpy as np
from scipy.fft import next_fast_len


def in_room(
    samples: np.ndarray,
    sample_rate: int,
    rng: np.random.Generator,
    seconds: tuple[float, float],
    levels: tuple[float, float],
) -> np.ndarray:
    """Returns the sound with reverberation: decaying noise as the room's impulse response.

    Args:
        samples: float32 (samples,).
        sample_rate: int, hertz.
        rng: numpy Generator.
        seconds: least and most seconds until the echoes have fallen by 60 decibels.
        levels: least and most level of all echoes together, relative to the sound itself.

    Returns:
        float32 (samples,).

    Source: Ko et al., "A study on data augmentation of reverberant speech for robust speech
    recognition", 2017; their simplest room, without single reflections.

    Example:

    >>> click = np.eye(1, 800, dtype=np.float32)[0]
    >>> heard = in_room(click, 8000, np.random.default_rng(0), (0.05, 0.05), (0.5, 0.5))
    >>> float(heard[0]), bool(abs(heard[1:200]).max() > 10 * abs(heard[200:390]).max())
    (1.0, True)
    """
    time = rng.uniform(*seconds)
    times = np.arange(max(2, round(time * sample_rate))) / sample_rate
    answer = rng.standard_normal(len(times)) * 10 ** (-3 * times / time)
    answer *= rng.uniform(*levels) / np.linalg.norm(answer)
    answer[0] = 1.0
    size = next_fast_len(len(samples) + len(answer) - 1, real=True)
    product = np.fft.rfft(samples, size) * np.fft.rfft(answer.astype(np.float32), size)
    return np.fft.irfft(product, size)[: len(samples)].astype(np.float32)
