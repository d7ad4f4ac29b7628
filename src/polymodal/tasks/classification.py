"""Classification: one of several classes for each row."""

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
from polymodal.preprocess.targets.classification import LabelTarget
from polymodal.profile.target_form import CLASSES

__all__ = ["Classification"]


class Classification(Task):
    """Predicts one of several classes for each row."""

    name = "classification"
    title = "classification"
    headline = "accuracy"
    lower_is_better = frozenset({"log_loss", "calibration_error"})
    has_classes = True
    form = CLASSES
    target = LabelTarget

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.classes import ClassHead

        return ClassHead

    def scores(self, rest: Predictions, only: str | None = None) -> Scores:
        """Returns accuracy, F1, auroc, log loss and calibration error."""
        return weighted_scores(rest, only)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns 1 for each wrong class."""
        return errors_of(rest)

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        return same_answer(rest)

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the frequencies of train for every row."""
        return blind_baseline(predictions, train_targets).outputs

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, one of {len(labels)} classes, for each row"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the most probable class and the probabilities of all."""
        chances = {label: round(float(p), 6)
                   for label, p in zip(found.labels, found.outputs[places[0]], strict=True)}
        best = int(found.outputs[places[0]].argmax())
        return Answer(found.labels[best], chances)
