"""Simple features of an input: n-grams, statistics of a spectrogram, pixels and edges, columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from polymodal.feed.samples import Samples, Source
from polymodal.preprocess.audio import Audio
from polymodal.preprocess.image import Image
from polymodal.preprocess.modality import Modality

__all__ = ["Texts", "described", "features", "summary"]

_SIDE = 12  # cells of a picture whose mean colours are features
_EDGE_SIDE = 4  # cells of a picture with a histogram of edges each
_DIRECTIONS = 8
_SEGMENTS = 6  # parts of a sound whose mean spectra are features
_WIDEST = 512  # numbers of a step


class Texts:
    """TF-IDF of words, of pairs of words, and of pieces of words.

    Args:
        most: int, n-grams of each kind at most.
    """

    def __init__(self, most: int = 20_000):
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._kinds = [
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=most,
                            token_pattern=r"(?u)\b\w+\b"),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True,
                            max_features=most)]

    def __call__(self, texts: Sequence[str], fit: bool) -> Any:
        """Returns a sparse matrix (rows, n-grams), learning the n-grams first where `fit`."""
        from scipy.sparse import hstack

        parts = []
        for kind in list(self._kinds):
            try:
                parts.append(kind.fit_transform(texts) if fit else kind.transform(texts))
            except ValueError:  # no n-gram in any text
                self._kinds.remove(kind)
        return hstack(parts).tocsr() if parts else np.zeros((len(texts), 0))


def described(modality: Modality) -> str:
    """Returns what the simple features of an input are, in words."""
    if modality.is_text:
        return "n-grams"
    if isinstance(modality, Image):
        return "pixels with edges"
    if isinstance(modality, Audio):
        return "log-mel statistics"
    if modality.has_time:
        return "mean and deviation over time"
    return "columns"


def features(samples: Samples, source: Source, rows: np.ndarray, texts: Texts,
             fit: bool) -> Any:
    """Returns (rows, features) of one input; zeros where it is missing, with a feature that says
    so.

    Args:
        samples: Samples.
        source: Source of the input.
        rows: rows of the table.
        texts: Texts of this input.
        fit: bool, learn n-grams from these rows.
    """
    decoded = [samples.decode(source, int(row)) for row in rows]
    if source.modality.is_text:
        return texts([" ".join(map(str, one)) if isinstance(one, list | tuple)
                      else str(one or "") for one in decoded], fit)
    found = [None if one is None else summary(source.modality, one) for one in decoded]
    width = max((len(one) for one in found if one is not None), default=0)
    dense = np.zeros((len(rows), width + 1), np.float32)
    for place, one in enumerate(found):
        if one is None:
            dense[place, -1] = 1
        else:
            dense[place, :width] = one[:width]
    return dense


def summary(modality: Modality, decoded: Any) -> np.ndarray:
    """Returns numbers, (features,), that describe one decoded value."""
    array = np.asarray(modality.encode(decoded), np.float32)
    if isinstance(modality, Image):
        return np.concatenate([_cells(array, _SIDE).ravel(), _edges(array)])
    if array.ndim == 1:
        missing = np.isnan(array)
        extra = missing[:0] if not missing.any() and not modality.has_fields else missing
        return np.concatenate([np.nan_to_num(array), extra.astype(np.float32)])
    steps = np.nan_to_num(array.reshape(len(array), -1))
    steps = steps[:, ::-(-steps.shape[1] // _WIDEST)]
    if not len(steps):
        steps = np.zeros((1, steps.shape[1]), np.float32)
    parts = [steps.mean(axis=0), steps.std(axis=0)]
    if isinstance(modality, Audio):
        cuts = np.linspace(0, len(steps), _SEGMENTS + 1).astype(int)
        parts += [steps[min(low, len(steps) - 1):max(high, low + 1)].mean(axis=0)
                  for low, high in pairwise(cuts)]
    return np.concatenate(parts)


def _cells(array: np.ndarray, side: int) -> np.ndarray:
    """Returns the means of at most side x side cells of an array (height, width, channels)."""
    for axis in (0, 1):
        count = min(side, array.shape[axis])
        starts = np.linspace(0, array.shape[axis], count + 1).astype(int)
        sums = np.add.reduceat(array, starts[:-1], axis=axis)
        shape = [1, 1, 1]
        shape[axis] = count
        array = sums / np.diff(starts).reshape(shape)
    return array


def _edges(array: np.ndarray) -> np.ndarray:
    """Returns histograms of the directions of edges, in cells, each of length one.

    Source: Dalal and Triggs 2005, "Histograms of oriented gradients for human detection"; here
    without overlapping blocks.
    """
    grey = array.mean(axis=2)
    down, right = np.gradient(grey) if min(grey.shape) > 1 else (grey * 0, grey * 0)
    size = np.hypot(down, right)
    turn = (np.arctan2(down, right) % np.pi) * (_DIRECTIONS / np.pi)
    place = np.minimum(turn.astype(int), _DIRECTIONS - 1)
    planes = size[..., None] * (place[..., None] == np.arange(_DIRECTIONS))
    found = _cells(planes, _EDGE_SIDE)
    found = found / (np.linalg.norm(found, axis=-1, keepdims=True) + 1e-6)
    return found.ravel().astype(np.float32)
