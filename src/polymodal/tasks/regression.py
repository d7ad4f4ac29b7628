"""Regression: a number for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.printed.counting import counted
from polymodal.core.target import Answer, Judged, Scores
from polymodal.core.task import Task
from polymodal.evaluation.scores.numbers import NumberScores
from polymodal.preprocess.targets.regression import NumberTarget
from polymodal.profile.target_form import AMOUNTS

__all__ = ["Regression"]


class Regression(Task):
    """Predicts a number for each row."""

    name = "regression"
    title = "regression"
    headline = "mae"
    lower_is_better = frozenset({"mae", "rmse"})
    has_numbers = True
    blind_name = "always the mean of train"
    form = AMOUNTS
    target = NumberTarget

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.numbers import NumberHead

        return NumberHead

    def to_predictions(self, values: np.ndarray, targets: np.ndarray | None,
                       target: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns numbers in the target's own unit; the model's are standardised."""
        known = None if targets is None else target.decode(targets).reshape(len(targets))
        return target.decode(values).reshape(len(values)), known

    def train_targets(self, encoded: np.ndarray, target: Any) -> np.ndarray:
        """Returns numbers in the target's own unit, (rows,)."""
        return target.decode(encoded).reshape(len(encoded))

    def scores(self, rest: Predictions) -> Scores:
        """Returns mae, rmse, r2 and pearson."""
        return NumberScores(rest)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns the absolute error."""
        return np.abs(np.asarray(rest.targets, np.float64) - np.asarray(rest.outputs, np.float64))

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        truth, guess = np.ravel(np.asarray(rest.targets)), np.ravel(rest.outputs)
        spread = np.ptp(truth)
        if not spread or np.ptp(guess) >= 1e-4 * spread:
            return ""
        return f"The model predicts {guess[0]:.4g} for all {counted(len(rest), 'row')}."

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the mean of train for every row."""
        mean = np.float64(np.asarray(train_targets).mean())
        return np.broadcast_to(mean, predictions.outputs.shape).astype(np.float64)

    def judged(self, rest: Predictions) -> Judged:
        """Returns the rows by their error; none is right or wrong."""
        error = np.abs(np.ravel(rest.outputs) - np.ravel(np.asarray(rest.targets)))
        return Judged(np.ones(len(rest), bool), error, [None] * len(rest))

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns both numbers as text."""
        target = float("nan") if found.targets is None else float(found.targets[place])
        return {"target": f"{target:.4g}", "predicted": f"{float(found.outputs[place]):.4g}"}

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, a number, for each row"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the number."""
        return Answer(float(found.outputs[places[0]]))
