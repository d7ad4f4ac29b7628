"""Sounds as counts of short pieces that occur in many of them, which go with the words spoken.

Source: "bag of audio words", Pancoast and Akbacak, Interspeech 2012; here over mel cepstra with
their surroundings, so that a piece is about as long as a phone.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import dct

_RATE = 8000  # hertz
_WINDOW, _HOP, _FFT = 200, 80, 256  # samples
_BANDS, _CEPSTRA = 26, 13
_LOWEST, _HIGHEST = 100.0, 3800.0  # hertz
_AROUND = (-4, -2, 0, 2, 4)  # frames
_DELTA = 3.0  # weight of what changes
_PIECES, _LEARNED_FRAMES = 384, 24_000

SAMPLE_RATE = _RATE


def cepstra(samples: np.ndarray) -> np.ndarray:
    """Returns (frames, 26) float32, mel cepstra without their mean, and how they change.

    Args:
        samples: (samples,) float32 at `SAMPLE_RATE`.
    """
    if len(samples) < _WINDOW:
        samples = np.pad(samples, (0, _WINDOW - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(frames * np.hamming(_WINDOW).astype(np.float32), _FFT)) ** 2
    found = np.asarray(dct(np.log(power @ _filters() + 1e-6), axis=1, norm="ortho"))
    found = found[:, :_CEPSTRA]
    found = found - found.mean(axis=0)
    change = np.zeros_like(found)
    if len(found) > 1:
        change = np.gradient(found, axis=0)
    return np.concatenate([found, _DELTA * change], axis=1).astype(np.float32)


def pieces(sounds: list[np.ndarray]) -> np.ndarray:
    """Returns (sounds, pieces) float32, how often each piece occurs in each sound.

    Args:
        sounds: list of what `cepstra` returns.
    """
    from sklearn.cluster import MiniBatchKMeans

    scale = np.concatenate(sounds).std(axis=0) + 1e-6
    joined = np.concatenate([_around(sound / scale) for sound in sounds])
    owner = np.repeat(np.arange(len(sounds)), [len(sound) for sound in sounds])
    some = np.random.default_rng(0).permutation(len(joined))[:_LEARNED_FRAMES]
    model = MiniBatchKMeans(min(_PIECES, len(some)), random_state=0, batch_size=2048, max_iter=20)
    model.fit(joined[some])
    found = np.zeros((len(sounds), model.n_clusters), np.float32)
    np.add.at(found, (owner, model.predict(joined)), 1)
    return found


def _around(frames: np.ndarray) -> np.ndarray:
    places = np.arange(len(frames))[:, None] + np.array(_AROUND)
    return frames[np.clip(places, 0, len(frames) - 1)].reshape(len(frames), -1)


def _filters() -> np.ndarray:
    """Returns (bins, bands), triangles of equal width on the mel scale."""
    mel = 2595 * np.log10(1 + np.fft.rfftfreq(_FFT, 1 / _RATE) / 700)
    lowest, highest = 2595 * np.log10(1 + np.array([_LOWEST, _HIGHEST]) / 700)
    edges = np.linspace(lowest, highest, _BANDS + 2)
    width = edges[1] - edges[0]
    rising = (mel[:, None] - edges[None, :-2]) / width
    falling = (edges[None, 2:] - mel[:, None]) / width
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
