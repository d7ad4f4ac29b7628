"""Multi-label classification: any number of labels for each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.target import Answer, Judged, Scores
from polymodal.evaluation.decisions import decisions
from polymodal.evaluation.scores.classes import LabelScores
from polymodal.preprocess.targets.multilabel import MultilabelTarget
from polymodal.profile.target_form import LABEL_SETS
from polymodal.tasks._classes import ClassTask

__all__ = ["Multilabel"]


class Multilabel(ClassTask):
    """Predicts any number of labels for each row."""

    name = "multilabel"
    title = "multilabel"
    headline = "f1_macro"
    lower_is_better = frozenset({"calibration_error"})
    choice = "any of"
    limits = ("It knows no labels but those of the training data.",)
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

    def scores(self, rest: Predictions) -> Scores:
        """Returns accuracy of whole sets, F1, auroc and calibration error."""
        return LabelScores(rest)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns the share of wrong labels among those that are true or predicted."""
        truth, guess = decisions(rest)
        either = (truth | guess).sum(axis=1)
        return (truth != guess).sum(axis=1) / np.maximum(either, 1)

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the frequency of each label in train for every row."""
        answer = np.asarray(train_targets).mean(axis=0)
        return np.broadcast_to(answer, predictions.outputs.shape).astype(np.float64)

    def judged(self, rest: Predictions) -> Judged:
        """Returns which rows are wholly right, the surest first, and the labels of each."""
        truth, guess = decisions(rest)
        kinds = [tuple(row) for row in truth.tolist()]
        return Judged((truth == guess).all(axis=1), -rest.outputs.max(axis=1), kinds)

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

    def _named(self, found: Predictions, decision: Any) -> str:
        chosen = [label for label, on in zip(found.labels, decision, strict=True) if on]
        return ", ".join(chosen) or "(none)"

    def _quoted(self, found: Predictions, decision: Any) -> str:
        chosen = [f'"{label}"' for label, on in zip(found.labels, decision, strict=True) if on]
        return " and ".join(chosen) or "no label"
