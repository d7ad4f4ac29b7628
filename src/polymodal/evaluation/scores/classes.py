"""Scores of answers that are one of several classes, or any of several labels."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.decisions import decisions, probabilities
from polymodal.evaluation.scores.auroc import auroc
from polymodal.evaluation.scores.calibration import expected_calibration_error
from polymodal.evaluation.scores.f1 import f1_scores
from polymodal.evaluation.scores.weighted import share

__all__ = ["ClassScores", "LabelScores"]


class ClassScores:
    """accuracy, f1_macro, f1_weighted, balanced_accuracy, auroc (one class against the rest, mean
    over the classes that occur), log_loss, and calibration_error without an interval; the headline
    of the task first.

    Args:
        rest: Predictions of one class for each output, scored rows only.
    """

    def __init__(self, rest: Predictions):
        self.rest = rest
        self.truth, self.guess = decisions(rest)
        self.right = self._right()

    def __call__(self, weights: np.ndarray, only: str | None = None) -> dict[str, np.ndarray]:
        """Returns {metric: (samples,)} for weights (n, samples); `only` may save the others."""
        found = {"accuracy": share(self.right, weights)}
        if only == "accuracy":
            return found
        with np.errstate(divide="ignore", invalid="ignore"):
            found |= f1_scores(self.truth, self.guess, self.rest.outputs.shape[1], weights)
            if only in (None, "auroc"):
                found |= auroc(*self._ranked(), weights)
            found |= self._likelihood(weights)
        headline = self.rest.task.headline
        return {headline: found[headline], **found}

    def fixed(self) -> dict[str, float]:
        """Returns calibration_error. Resampling adds noise to each of its bins, which pushes all
        resamples above the value that was measured, so it has no interval."""
        return {"calibration_error": expected_calibration_error(self.rest)}

    def take(self, where: np.ndarray):
        """Returns the scores of a part of the rows."""
        return type(self)(self.rest.take(where))

    def _right(self) -> np.ndarray:
        return self.truth == self.guess

    def _ranked(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns (n, classes) who is of each class, and the probability of it."""
        every = np.arange(self.rest.outputs.shape[1])
        return self.truth[:, None] == every, probabilities(self.rest)

    def _likelihood(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        if self.rest.outputs.shape[1] < 2:
            return {}
        chance = probabilities(self.rest)[np.arange(len(self.rest)), self.truth]
        return {"log_loss": share(-np.log(np.clip(chance, np.finfo(np.float64).eps, 1)), weights)}


class LabelScores(ClassScores):
    """accuracy (the whole set right), f1_macro, f1_weighted, f1_micro, auroc, and
    calibration_error without an interval.

    Args:
        rest: Predictions of any number of labels for each output, scored rows only.
    """

    def _right(self) -> np.ndarray:
        return (self.truth == self.guess).all(axis=1)

    def _ranked(self) -> tuple[np.ndarray, np.ndarray]:
        return self.truth, self.rest.outputs

    def _likelihood(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        return {}
