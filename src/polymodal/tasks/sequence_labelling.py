"""Sequence labelling: one of several classes for each step of a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.target import Answer
from polymodal.core.contracts.task import Predictions
from polymodal.core.fields import Fields
from polymodal.preprocess.sequence import listed_steps
from polymodal.preprocess.targets.labels import Labelled, need_two, spell
from polymodal.profile.target_form import STEP_LABELS
from polymodal.tables.reading.lists import parse_list
from polymodal.tasks._classes import StepTask

__all__ = ["SequenceLabelling"]

_NO_LABEL = -1


class StepLabelsTarget(Labelled):
    """The labels of a row's steps as indices, int32 (time,); -1 where a step has none.

    Args:
        separator: str, between the labels of a cell that is a text; None is whitespace.
        ignore_case: bool, whether labels that differ only in case are one.

    Example:

    >>> target = StepLabelsTarget()
    >>> target.fit([["b", "a"], ["a", None]])
    >>> target.encode(["a", None, "b"]).tolist(), target.decode(np.array([1, -1]))
    ([0, -1, 1], ['b', None])
    """

    has_time = True
    dtype = np.int32
    shape = (None,)

    def __init__(self, separator: str | None = None, ignore_case: bool = False):
        super().__init__(ignore_case)
        self.separator = separator

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the classes of the train split.

        Raises:
            DataError: there is one class, or none.
        """
        steps = (step for value in values if value is not None for step in self._steps(value))
        self._learn(step for step in steps if step is not None)
        need_two(self.labels)

    def read(self, value: Any) -> list[str | None]:
        """Returns the labels of the steps, whether train has them or not.

        Raises:
            DataError: the cell is not a list of labels.
        """
        return [None if step is None else spell(step) for step in self._steps(value)]

    def encode(self, value: Any) -> np.ndarray:
        """Returns the classes of the steps, int32 (time,).

        Raises:
            DataError: the cell is not a list of labels, or train does not have one of them.
        """
        indices = [_NO_LABEL if s is None else self._index[s] for s in self._steps(value)]
        return np.array(indices, np.int32)

    def num_valid(self, encoded: np.ndarray) -> int:
        """Returns how many steps have a label."""
        return int((encoded >= 0).sum())

    def decode(self, indices: np.ndarray) -> list[str | None]:
        """Returns the labels of classes; None for -1."""
        return [self.labels[i] if i >= 0 else None for i in np.asarray(indices).tolist()]

    def state(self) -> dict[str, Any]:
        """Returns the classes and how cells are read."""
        return {**super().state(), "separator": self.separator}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        super().restore(state)
        self.separator = Fields(state).text_or_none("separator")

    def _steps(self, value: Any) -> list[Any]:
        listed = parse_list(value)
        if listed is not None:
            value = listed
        elif isinstance(value, str):
            value = value.split(self.separator)
        fix = "Group the rows into sequences, or set task: classification."
        return listed_steps(value, "label", fix, "not_a_list")


class SequenceLabelling(StepTask):
    """Predicts one of several classes for each step of a sequence."""

    name = "sequence_labelling"
    title = "sequence labelling"
    form = STEP_LABELS
    target = StepLabelsTarget
    balanced = "f1_macro"
    stepwise = True
    sequence = (
        {"name": "recurrent", "summary": True},
        "A step may depend on its neighbours and on the whole sequence.",
    )

    @property
    def by_balance(self) -> type[SequenceLabelling]:
        """The kind whose headline is the balanced metric."""
        return _ByF1

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.step_classes import StepClassHead

        return StepClassHead

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, one of {len(labels)} labels, for each step of a sequence"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the class chosen for each step; of a single step the probabilities too."""
        best = [found.labels[int(i)] for i in found.answers[places]]
        if len(places) > 1:
            return Answer(best)
        chances = {
            label: round(float(p), 6)
            for label, p in zip(found.labels, found.outputs[places[0]], strict=True)
        }
        return Answer(best[0], chances)


class _ByF1(SequenceLabelling):
    """The same of a skewed table, where accuracy would hide how rare classes do."""

    headline = "f1_macro"
