"""Sequence labelling: one of several classes for each step of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polymodal.core.predictions import Predictions
from polymodal.core.target import Answer
from polymodal.preprocess.targets.sequence_labelling import StepLabelsTarget
from polymodal.profile.target_form import STEP_LABELS
from polymodal.tasks._classes import StepTask

__all__ = ["SequenceLabelling"]


class SequenceLabelling(StepTask):
    """Predicts one of several classes for each step of a sequence."""

    name = "sequence_labelling"
    title = "sequence labelling"
    form = STEP_LABELS
    target = StepLabelsTarget
    stepwise = True
    sequence = ({"name": "recurrent", "summary": True},
                "A step may depend on its neighbours and on the whole sequence.")

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.step_classes import StepClassHead

        return StepClassHead

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, one of {len(labels)} labels, for each step of a sequence"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the most probable class of each step; of a single step the probabilities too."""
        best = [found.labels[int(i)] for i in found.outputs[places].argmax(axis=-1)]
        if len(places) > 1:
            return Answer(best)
        chances = {label: round(float(p), 6)
                   for label, p in zip(found.labels, found.outputs[places[0]], strict=True)}
        return Answer(best[0], chances)
