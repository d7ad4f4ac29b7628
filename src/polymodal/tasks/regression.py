"""Regression: a number for each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.target import Answer, Scores
from polymodal.core.task import Task
from polymodal.evaluation.baseline import blind_baseline
from polymodal.evaluation.bootstrap import weighted_scores
from polymodal.evaluation.row_errors import errors_of
from polymodal.evaluation.same_answer import same_answer
from polymodal.preprocess.targets.regression import NumberTarget
from polymodal.profile.target_form import AMOUNTS

__all__ = ["Regression"]


class Regression(Task):
    """Predicts a number for each row."""

    name = "regression"
    title = "regression"
    headline = "mae"
    lower_is_better = frozenset({"mae", "rmse"})
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

    def scores(self, rest: Predictions, only: str | None = None) -> Scores:
        """Returns mae, rmse, r2 and pearson."""
        return weighted_scores(rest, only)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns the absolute error."""
        return errors_of(rest)

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        return same_answer(rest)

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the mean of train for every row."""
        return blind_baseline(predictions, train_targets).outputs

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, a number, for each row"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the number."""
        return Answer(float(found.outputs[places[0]]))
