"""Classification: one of several classes for each row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.target import Answer
from polymodal.core.contracts.task import Predictions
from polymodal.preprocess.targets.labels import Labelled, need_two, spell
from polymodal.profile.target_form import CLASSES
from polymodal.tasks._classes import ClassTask

__all__ = ["Classification"]


class LabelTarget(Labelled):
    """One label of a row as the index of its class, int32.

    Args:
        ignore_case: bool, whether labels that differ only in case are one.
        missing: list of texts and numbers that stand for a missing label.

    Example:

    >>> target = LabelTarget()
    >>> target.fit(["10", "9", "9"])
    >>> target.labels, int(target.encode(10)), target.decode(0)
    (['9', '10'], 1, '9')
    """

    has_time = False
    dtype = np.int32
    shape = ()

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the classes of the train split.

        Raises:
            DataError: there is one class, or none.
        """
        self._learn(value for value in values if value is not None)
        need_two(self.labels)

    def read(self, value: Any) -> str:
        """Returns the label of a cell, whether train has it or not.

        Raises:
            DataError: the cell is not a label.
        """
        return spell(value)

    def encode(self, value: Any) -> np.ndarray:
        """Returns the index of the class, int32 ().

        Raises:
            DataError: train does not have this label.
        """
        return np.asarray(self._index[value], np.int32)

    def decode(self, index: int | np.ndarray) -> str:
        """Returns the label of a class."""
        return self.labels[int(index)]


class Classification(ClassTask):
    """Predicts one of several classes for each row."""

    name = "classification"
    balanced = "f1_macro"
    title = "classification"
    form = CLASSES
    target = LabelTarget

    @property
    def by_balance(self) -> type[Classification]:
        """The kind whose headline is the balanced metric."""
        return _ByF1

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.classes import ClassHead

        return ClassHead

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, one of {len(labels)} classes, for each row"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the class that is chosen and the probabilities of all."""
        chances = {
            label: round(float(p), 6)
            for label, p in zip(found.labels, found.outputs[places[0]], strict=True)
        }
        return Answer(found.labels[int(found.answers[places[0]])], chances)

    def _certainty(self, chances: Mapping[str, float], answer: str) -> float | None:
        """Returns the probability of the answer."""
        return chances[answer]


class _ByF1(Classification):
    """The same of a skewed table, where accuracy would hide how rare classes do."""

    headline = "f1_macro"
