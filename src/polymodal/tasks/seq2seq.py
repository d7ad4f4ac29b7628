"""Sequence to sequence: outputs one after the other, each one fed back for the next."""

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
from polymodal.preprocess.targets.seq2seq import SymbolsTarget
from polymodal.profile.target_form import TEXTS

__all__ = ["Seq2Seq"]


class Seq2Seq(Task):
    """Generates a sequence, feeding back each output."""

    name = "seq2seq"
    title = "sequence to sequence"
    headline = "accuracy"
    lower_is_better = frozenset()
    has_classes = True
    is_written = True
    reads_media = True
    form = TEXTS
    target = SymbolsTarget
    stepwise = True

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.written import WritingHead

        return WritingHead

    def scores(self, rest: Predictions, only: str | None = None) -> Scores:
        """Returns accuracy over steps and exact match over rows."""
        return weighted_scores(rest, only)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns 1 for each wrong step."""
        return errors_of(rest)

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        return same_answer(rest)

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the frequencies of train for every row."""
        return blind_baseline(predictions, train_targets).outputs

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"generates {target} step by step, each step one of {len(labels)} outputs"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the sequence of the most probable outputs."""
        return Answer(target.decode(found.outputs[places].argmax(axis=-1)))
