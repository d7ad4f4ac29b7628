"""Scores of answers that are numbers."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.task import Predictions

__all__ = ["NumberScores"]

_FLAT = 1e-15  # of the squared range: a spread below it is rounding


class NumberScores:
    """mae, rmse, r2 and pearson.

    Args:
        rest: Predictions of a number for each output, scored rows only.
    """

    def __init__(self, rest: Predictions):
        self.rest = rest
        truth = np.asarray(rest.targets, np.float64).ravel()
        guess = np.asarray(rest.outputs, np.float64).ravel()
        self.truth = truth - truth.mean()  # sums of squares stay small
        self.guess = guess - truth.mean()
        self.own = guess - guess.mean()  # for what does not change with an offset

    def __call__(self, weights: np.ndarray, only: str | None = None) -> dict[str, np.ndarray]:
        """Returns {metric: (samples,)} for weights (n, samples)."""
        truth, guess, own, total = self.truth, self.guess, self.own, weights.sum(axis=0)

        def mean(values):
            return values @ weights / total

        squared = mean((guess - truth) ** 2)
        spread, spread_guess = (mean(one**2) - mean(one) ** 2 for one in (truth, own))
        together = mean(truth * own) - mean(truth) * mean(own)
        varied = spread > _FLAT * np.ptp(truth) ** 2
        both = varied & (spread_guess > _FLAT * np.ptp(own) ** 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "mae": mean(np.abs(guess - truth)),
                "rmse": np.sqrt(squared),
                "r2": np.where(varied, 1 - squared / spread, np.nan),
                "pearson": np.where(both, together / np.sqrt(spread * spread_guess), np.nan),
            }

    def fixed(self) -> dict[str, float]:
        """Returns no score: all have an interval."""
        return {}

    def take(self, where: np.ndarray) -> NumberScores:
        """Returns the scores of a part of the rows."""
        return NumberScores(self.rest.take(where))
