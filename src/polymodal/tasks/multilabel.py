"""Multi-label classification: any number of labels for each row."""

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
from polymodal.preprocess.targets.multilabel import MultilabelTarget
from polymodal.profile.target_form import LABEL_SETS

__all__ = ["Multilabel"]


class Multilabel(Task):
    """Predicts any number of labels for each row."""

    name = "multilabel"
    title = "multilabel"
    headline = "f1_macro"
    lower_is_better = frozenset({"calibration_error"})
    has_classes = True
    form = LABEL_SETS
    target = MultilabelTarget

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.labels import LabelHead

        return LabelHead

    def to_predictions(self, values: np.ndarray, targets: np.ndarray | None,
                       target: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns probabilities, and targets as bool."""
        return values, None if targets is None else targets > 0.5

    def scores(self, rest: Predictions, only: str | None = None) -> Scores:
        """Returns accuracy of whole sets, F1, auroc and calibration error."""
        return weighted_scores(rest, only)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns the share of wrong labels among those that are true or predicted."""
        return errors_of(rest)

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        return same_answer(rest)

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the frequency of each label in train for every row."""
        return blind_baseline(predictions, train_targets).outputs

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, any of {len(labels)} labels, for each row"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the labels of at least one half, and the probabilities of all."""
        chances = {label: round(float(p), 6)
                   for label, p in zip(found.labels, found.outputs[places[0]], strict=True)}
        chosen = [label for label, p in zip(found.labels, found.outputs[places[0]], strict=True)
                  if p >= 0.5]
        return Answer(chosen, chances)

    def in_cell(self, prediction: Any, target: Any) -> Any:
        """Returns the labels with the separator that the target column has."""
        return target.separator.join(prediction)
