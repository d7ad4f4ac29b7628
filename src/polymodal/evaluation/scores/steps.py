"""Scores of sequences that are written step by step."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.decisions import decisions, whole_rows
from polymodal.evaluation.scores.weighted import share

__all__ = ["StepScores"]


class StepScores:
    """accuracy over steps, and exact_match over whole rows.

    Args:
        rest: Predictions of one output for each step, scored steps only.
    """

    def __init__(self, rest: Predictions):
        self.rest = rest
        truth, guess = decisions(rest)
        self.right = truth == guess
        self.first, self.whole = whole_rows(rest)

    def __call__(self, weights: np.ndarray, only: str | None = None) -> dict[str, np.ndarray]:
        """Returns {metric: (samples,)} for weights (n, samples)."""
        return {
            "accuracy": share(self.right, weights),
            "exact_match": share(self.whole, weights[self.first]),
        }

    def fixed(self) -> dict[str, float]:
        """Returns no score: all have an interval."""
        return {}

    def take(self, where: np.ndarray) -> StepScores:
        """Returns the scores of a part of the steps."""
        return StepScores(self.rest.take(where))
