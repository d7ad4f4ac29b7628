"""Scores of how negative or positive something is, as a number from -3 to 3."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.scores.f1 import f1_scores
from polymodal.evaluation.scores.numbers import NumberScores
from polymodal.evaluation.scores.weighted import share

__all__ = ["IntensityScores"]

_MOST = 3.0  # of the scale, on both sides


class IntensityScores(NumberScores):
    """mae, rmse, r2 and pearson, and scores of the sign and of seven classes.

    The sign is scored in both conventions in use. "nonnegative" tells negative from all other
    values, zero among them. "positive" tells negative from positive, without the rows whose target
    is zero. Each has an accuracy, a weighted F1 and a macro F1. accuracy_7 compares the nearest
    whole numbers from -3 to 3; halves go to the even one.

    Args:
        rest: Predictions of a number for each output, scored rows only.

    Source: Zadeh et al. 2018, https://aclanthology.org/P18-1208 (seven classes, F1); Tsai et al.
    2019, https://aclanthology.org/P19-1656 (both conventions).
    """

    def __init__(self, rest: Predictions):
        super().__init__(rest)
        self.wanted = np.asarray(rest.targets, np.float64).ravel()
        self.given = np.asarray(rest.outputs, np.float64).ravel()

    def __call__(self, weights: np.ndarray, only: str | None = None) -> dict[str, np.ndarray]:
        """Returns {metric: (samples,)} for weights (n, samples)."""
        found = super().__call__(weights, only)
        if only in found:
            return found
        found |= self._signs("nonnegative", self.wanted >= 0, self.given >= 0, weights)
        apart = weights * (self.wanted != 0)[:, None]
        found |= self._signs("positive", self.wanted > 0, self.given > 0, apart)
        found["accuracy_7"] = share(_seven(self.wanted) == _seven(self.given), weights)
        return found

    def take(self, where: np.ndarray) -> IntensityScores:
        """Returns the scores of a part of the rows."""
        return IntensityScores(self.rest.take(where))

    def _signs(
        self, name: str, truth: np.ndarray, guess: np.ndarray, weights: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Returns accuracy, weighted and macro F1 of two classes, nan where no row counts."""
        with np.errstate(divide="ignore", invalid="ignore"):
            f1 = f1_scores(truth.astype(int), guess.astype(int), 2, weights)
            return {
                f"accuracy_2_{name}": share(truth == guess, weights),
                f"f1_weighted_{name}": f1["f1_weighted"],
                f"f1_macro_{name}": f1["f1_macro"],
            }


def _seven(values: np.ndarray) -> np.ndarray:
    """Returns the nearest of -3, -2, ... 3."""
    return np.round(np.clip(values, -_MOST, _MOST))
