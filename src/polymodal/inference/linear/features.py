"""Simple features of an input: n-grams, statistics of a spectrogram, pixels and edges, columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.inference.linear.ngrams import NGrams
from polymodal.preprocess.audio import Audio
from polymodal.preprocess.image import Image
from polymodal.preprocess.modality import Modality

__all__ = ["Featured", "described", "summary"]

_SIDE = 12  # cells of a picture whose mean colours are features
_EDGE_SIDE = 4  # cells of a picture with a histogram of edges each
_DIRECTIONS = 8
_SEGMENTS = 6  # parts of a sound whose mean spectra are features
_WIDEST = 512  # numbers of a step
_SMALLEST = 1e-6  # deviation below which a feature counts as constant
_LARGEST = 10.0  # deviations from the mean at which features are clipped


class Featured(Modality):
    """The simple features of an input, as a linear model reads them: a vector, float64 (width,).

    Cells are decoded as the network's input decodes them. Numbers have mean 0 and deviation 1 in
    train, and are clipped at 10.

    Args:
        base: Modality of the input, fitted or restored.
    """

    is_fitted = True
    dtype = np.float64
    encoder = "mlp"

    def __init__(self, base: Modality):
        self.base = base
        self.cached, self.whole_row = base.cached, base.whole_row
        self.has_fields, self.is_text, self.files = base.has_fields, base.is_text, base.files
        self.formats = getattr(base, "formats", None)
        self.ngrams = NGrams()
        self.mean = self.std = np.zeros(0)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Shape of a vector."""
        return (self.width,)

    @property
    def width(self) -> int:
        """Features of the input."""
        if self.is_text:
            return self.ngrams.width
        return len(self.mean)

    def decode(self, cell: Any, root: Any = None) -> Any:
        """Returns what the input's own preprocessing does."""
        return self.base.decode(cell, root)

    def decode_key(self) -> dict[str, Any]:
        """Returns the key of the cache of the input's own preprocessing."""
        return self.base.decode_key()

    def gaps(self, cell: Any) -> list[str]:
        """Returns the columns whose number is infinite."""
        return self.base.gaps(cell)

    def learn(self, decoded: Sequence[Any]) -> Any:
        """Learns n-grams, or means and deviations, and returns the features of the same rows: a
        matrix (rows, width), sparse of texts, zeros where the input is missing.

        Args:
            decoded: values of the train split, None where missing.
        """
        known = [one for one in decoded if one is not None]
        if self.is_text:
            self.ngrams.fit([_as_text(one) for one in known])
            return self.ngrams.matrix([None if one is None else _as_text(one) for one in decoded])
        each = [summary(self.base, one) for one in known]
        width = max((len(one) for one in each), default=0)
        dense = np.zeros((len(each), width))
        for row, one in enumerate(each):
            dense[row, : len(one)] = one
        self.mean = dense.mean(axis=0) if len(each) else np.zeros(width)
        self.std = dense.std(axis=0) if len(each) else np.ones(width)
        self.std = np.where(self.std < _SMALLEST, 1.0, self.std)
        found = np.zeros((len(decoded), width))
        found[[place for place, one in enumerate(decoded) if one is not None]] = self._scaled(dense)
        return found

    def encode(self, decoded: Any) -> np.ndarray:
        """Returns the features of one value."""
        if self.is_text:
            return self.ngrams.vector(_as_text(decoded))
        found, one = np.zeros(self.width), summary(self.base, decoded)[: self.width]
        found[: len(one)] = one
        return self._scaled(found)

    def _scaled(self, found: np.ndarray) -> np.ndarray:
        return np.clip((found - self.mean) / self.std, -_LARGEST, _LARGEST)

    def state(self) -> dict[str, Any]:
        """Returns what the input's own preprocessing learned, and the vocabulary."""
        return {"input": self.base.state(), "ngrams": self.ngrams.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes the input's part of what `state` returned; the rest needs `restore_arrays`."""
        fields = Fields(state)
        self.base.restore(dict(fields.mapping("input")))
        self._vocabulary = fields.mapping("ngrams")

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the arrays that belong to the state."""
        if self.is_text:
            return {"idf": self.ngrams.idf}
        return {"mean": self.mean, "std": self.std}

    def restore_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes what `arrays` returned.

        Raises:
            BundleError: they do not belong to the state.
        """
        if self.is_text:
            self.ngrams.restore(self._vocabulary, arrays["idf"])
            return
        self.mean, self.std = arrays["mean"], arrays["std"]
        if self.mean.ndim != 1 or self.mean.shape != self.std.shape or (self.std <= 0).any():
            raise BundleError(
                "needs a mean and a deviation above 0 for each feature. Copy the "
                "whole bundle again."
            )


def _as_text(decoded: Any) -> str:
    if isinstance(decoded, list | tuple):
        return " ".join(map(str, decoded))
    return str(decoded)


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
    steps = steps[:, :: -(-steps.shape[1] // _WIDEST)]
    if not len(steps):
        steps = np.zeros((1, steps.shape[1]), np.float32)
    parts = [steps.mean(axis=0), steps.std(axis=0)]
    if isinstance(modality, Audio):
        cuts = np.linspace(0, len(steps), _SEGMENTS + 1).astype(int)
        parts += [
            steps[min(low, len(steps) - 1) : max(high, low + 1)].mean(axis=0)
            for low, high in pairwise(cuts)
        ]
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
