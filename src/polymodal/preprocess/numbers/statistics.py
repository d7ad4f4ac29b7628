"""Means and standard deviations, gathered piece by piece."""

from __future__ import annotations

import numpy as np

from polymodal.core.fields import Fields

MOST_FEATURES = 1_000_000  # numbers of one vector


class Moments:
    """Mean and standard deviation of the features on the last axis, from any number of pieces.

    Args:
        smallest: float, a standard deviation below it counts as a constant feature and becomes 1,
            so that dividing by it is harmless.
    """

    def __init__(self, smallest: float = 1e-6):
        self.smallest = smallest
        self.count = 0
        self.mean: np.ndarray | None = None
        self._squares: np.ndarray | None = None  # sum of squared distances from the mean

    def add(self, values: np.ndarray) -> None:
        """Adds `values` (..., features). Chan, Golub and LeVeque (1979), the pairwise update."""
        rows = values.reshape(-1, values.shape[-1]).astype(np.float64)  # (rows, features)
        if not len(rows):
            return
        mean = rows.mean(axis=0)
        squares = ((rows - mean) ** 2).sum(axis=0)
        if self.mean is None:
            self.count, self.mean, self._squares = len(rows), mean, squares
            return
        total = self.count + len(rows)
        gap = mean - self.mean
        self.mean = self.mean + gap * (len(rows) / total)
        self._squares = self._squares + squares + gap**2 * (self.count * len(rows) / total)
        self.count = total

    def result(self, num_features: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns (mean, standard deviation), float32; 0 and 1 where nothing was seen."""
        if self.mean is None or self._squares is None:
            return np.zeros(num_features, np.float32), np.ones(num_features, np.float32)
        deviation = np.sqrt(self._squares / self.count)
        deviation[deviation < self.smallest] = 1.0
        return self.mean.astype(np.float32), deviation.astype(np.float32)


def mean_and_std(fields: Fields, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and the standard deviation that a state holds, float32 (length,).

    Raises:
        BundleError: one is absent, of another length, not finite, or no deviation.
    """
    return (
        np.array(fields.numbers("mean", length), np.float32),
        np.array(fields.numbers("std", length, above=0), np.float32),
    )
