"""What all weighted scores share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["SumScores", "share"]


def share(right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns (samples,) shares of weights (n, samples) that are on the rows where `right` (n,)."""
    total = weights.sum(axis=0)
    return np.where(total > 0, right @ weights / np.where(total > 0, total, 1), np.nan)


class SumScores:
    """Scores that are functions of sums over rows: error rates, corpus BLEU, means.

    Args:
        items: (n, k) float64, what each row adds to each sum.
        function: from sums (samples, k) to {metric: (samples,)}, nan where undefined.
    """

    def __init__(self, items: np.ndarray, function: Callable[[np.ndarray], dict[str, np.ndarray]]):
        self.items, self.function = items, function

    def __call__(self, weights: np.ndarray, only: str | None = None) -> dict[str, np.ndarray]:
        """Returns {metric: (samples,)} for weights (n, samples)."""
        return self.function(weights.T @ self.items)

    def fixed(self) -> dict[str, float]:
        """Returns no score: all have an interval."""
        return {}

    def take(self, where: np.ndarray) -> SumScores:
        """Returns the scores of a part of the rows."""
        return SumScores(self.items[where], self.function)
