"""Simple features of any row, for the quick model of a learning curve. No engine computes them.

An input that is missing is zeros, and one more feature says so.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from polymodal.core.printed.progress import track
from polymodal.feed.samples import Samples

__all__ = ["features"]

_SIDE = 16  # pixels of a picture
_PARTS = 4  # of an input with time, each averaged by itself
_WORDS = 500  # ids that occur in most rows


def features(samples: Samples, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Returns {input: (rows, features) float32}.

    Pictures become 16 x 16 pixels, sounds and other series the means of four parts and their
    deviation, texts the counts of their 500 most common ids, numbers themselves.

    Args:
        samples: Samples whose modalities are fitted.
        rows: (n,) int.
    """
    found: dict[str, list[Any]] = {source.name: [] for source in samples.sources}
    for row in track(rows, "Reading simple features", len(rows)):
        for source in samples.sources:
            value = samples.decode(source, int(row))
            if value is None:
                array = None
            else:
                array = _simple(source.modality, source.modality.encode(value))
            found[source.name].append(array)
    return {
        source.name: _joined(found[source.name], source.modality.vocabulary_size)
        for source in samples.sources
    }


def _simple(modality: Any, array: np.ndarray) -> np.ndarray:
    """Returns one vector; of ids the ids themselves."""
    if modality.vocabulary_size is not None:
        return np.asarray(array).reshape(-1)
    array = np.asarray(array, np.float32)
    if modality.has_time:
        return _over_time(array.reshape(len(array), -1))
    if array.ndim == 3:
        return _smaller(array).reshape(-1)
    return array.reshape(-1)


def _smaller(image: np.ndarray) -> np.ndarray:
    """Returns a picture (height, width, channels) of at most 16 x 16 pixels, each a mean."""
    for axis in (0, 1):
        parts = np.array_split(image, min(_SIDE, image.shape[axis]), axis=axis)
        image = np.stack([part.mean(axis=axis) for part in parts], axis=axis)
    return image


def _over_time(series: np.ndarray) -> np.ndarray:
    """Returns the means of four parts of (time, values), and the deviation of all."""
    if series.shape[1] > _SIDE**2:
        series = np.stack(
            [part.mean(axis=1) for part in np.array_split(series, _SIDE**2, axis=1)], axis=1
        )
    edges = np.linspace(0, len(series), _PARTS + 1).astype(int)
    means = [
        series[low : max(high, low + 1)].mean(axis=0)
        if low < len(series)
        else np.zeros(series.shape[1], np.float32)
        for low, high in pairwise(edges)
    ]
    return np.concatenate([*means, series.std(axis=0)])


def _joined(vectors: list[Any], vocabulary_size: int | None) -> np.ndarray:
    there = [vector for vector in vectors if vector is not None]
    if vocabulary_size is not None:
        return _counts(vectors, vocabulary_size)
    size = len(there[0]) if there else 0
    found = np.zeros((len(vectors), size + 1), np.float32)
    for row, vector in enumerate(vectors):
        if vector is None:
            found[row, -1] = 1
        else:
            found[row, :-1] = np.nan_to_num(vector)
    return found


def _counts(texts: list[Any], vocabulary_size: int) -> np.ndarray:
    """Returns the logarithm of how often the most common ids occur in each text."""
    often = np.zeros(vocabulary_size)
    for ids in texts:
        if ids is not None:
            often[np.unique(ids)] += 1
    kept = np.argsort(-often, kind="stable")[:_WORDS]
    kept = kept[often[kept] > 0]
    place = np.full(vocabulary_size, -1)
    place[kept] = np.arange(len(kept))
    found = np.zeros((len(texts), len(kept) + 1), np.float32)
    for row, ids in enumerate(texts):
        if ids is None:
            found[row, -1] = 1
        else:
            np.add.at(found[row], place[ids][place[ids] >= 0], 1)
    found[:, :-1] = np.log1p(found[:, :-1])
    return found
