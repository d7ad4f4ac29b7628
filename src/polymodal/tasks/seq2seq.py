"""Sequence to sequence: outputs one after the other, each one fed back for the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polymodal.core.contracts.target import Answer, Scores
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.scores.steps import StepScores
from polymodal.preprocess.targets.symbols import SymbolsTarget
from polymodal.profile.target_form import TEXTS
from polymodal.tasks._classes import StepTask

__all__ = ["Seq2Seq"]


class Seq2Seq(StepTask):
    """Generates a sequence, feeding back each output."""

    name = "seq2seq"
    title = "sequence to sequence"
    lower_is_better = frozenset()
    form = TEXTS
    is_written = True
    reads_media = True
    lists_classes = False
    limits = ()
    target = SymbolsTarget
    stepwise = True

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.written import WritingHead

        return WritingHead

    def scores(self, rest: Predictions) -> Scores:
        """Returns accuracy over steps and exact match over rows."""
        return StepScores(rest)

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"generates {target} step by step, each step one of {len(labels)} outputs"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the sequence of the most probable outputs."""
        return Answer(target.decode(found.outputs[places].argmax(axis=-1)))
