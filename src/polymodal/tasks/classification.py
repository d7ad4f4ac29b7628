"""Classification: one of several classes for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polymodal.core.predictions import Predictions
from polymodal.core.target import Answer
from polymodal.preprocess.targets.classification import LabelTarget
from polymodal.profile.target_form import CLASSES
from polymodal.tasks._classes import ClassTask

__all__ = ["Classification"]


class Classification(ClassTask):
    """Predicts one of several classes for each row."""

    name = "classification"
    title = "classification"
    form = CLASSES
    target = LabelTarget

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.classes import ClassHead

        return ClassHead

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, one of {len(labels)} classes, for each row"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the most probable class and the probabilities of all."""
        chances = {label: round(float(p), 6)
                   for label, p in zip(found.labels, found.outputs[places[0]], strict=True)}
        best = int(found.outputs[places[0]].argmax())
        return Answer(found.labels[best], chances)

    def _certainty(self, chances: Mapping[str, float]) -> float | None:
        """Returns the probability of the answer."""
        return max(chances.values())
