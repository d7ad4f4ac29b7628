"""Multi-label classification: any number of labels for each row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from polymodal.core.advice import set_option
from polymodal.core.contracts.target import Answer, Judged, Scores
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError
from polymodal.core.fields import Fields
from polymodal.evaluation.decisions import decisions
from polymodal.evaluation.scores.classes import LabelScores
from polymodal.preprocess.targets.labels import Labelled, spell
from polymodal.profile.target_form import LABEL_SETS
from polymodal.tables.reading.lists import parse_list
from polymodal.tables.reading.separators import find_separator
from polymodal.tasks._classes import ClassTask

__all__ = ["Multilabel"]

_LOOKED_AT = 2000  # cells that may tell which mark separates labels


class MultilabelTarget(Labelled):
    """The labels of a row as zeros and ones, float32 (classes,).

    Args:
        separator: str, between the labels of a cell that is a text; a text that spells a list in
            JSON or Python, such as "['red', 'round']", is read as one.
        ignore_case: bool, whether labels that differ only in case are one.
        missing: list of texts and numbers that stand for a missing value.

    Example:

    >>> target = MultilabelTarget()
    >>> target.fit(["cat|dog", ["bird"]])
    >>> target.encode("dog|bird").tolist(), target.decode(np.array([0.0, 1.0, 0.0]))
    ([1.0, 0.0, 1.0], ['cat'])
    """

    has_time = False
    dtype = np.float32

    def __init__(
        self, separator: str = "|", ignore_case: bool = False, missing: list | None = None
    ):
        super().__init__(ignore_case, missing)
        self.separator = separator
        self._separated, self._cells = True, []

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one encoded target."""
        return (len(self.labels),)

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the classes of the train split.

        Raises:
            DataError: no row has a label.
        """
        self._separated, self._cells = False, []
        self._learn(self._all(values))
        if not self.labels:
            raise DataError("has no label in train.", "Name another target.", reason="single_label")

    def notes(self, column: str) -> list[str]:
        """Returns sentences on how labels are written, and on cells that all hold one."""
        notes = super().notes(column)
        if not self._separated:
            mark = find_separator(self._cells) or "..."
            instead = set_option("task", "separator", value=f'"{mark}"')
            notes.append(
                f'Column "{column}": no cell contains "{self.separator}" or a list, so '
                f"each whole cell counts as one label; {instead} sets another separator."
            )
        return notes

    def read(self, value: Any) -> list[str]:
        """Returns the labels of a cell, whether train has them or not.

        Raises:
            DataError: one of them is not a label.
        """
        return [spell(label) for label in self._split(value)]

    def encode(self, value: Any) -> np.ndarray:
        """Returns 1 for each label of the cell, float32 (classes,); an empty list is all zeros.

        Raises:
            DataError: train does not have one of the labels.
        """
        encoded = np.zeros(self.shape, np.float32)
        for label in self._split(value):
            encoded[self._index[label]] = 1
        return encoded

    def decode(self, encoded: np.ndarray) -> list[str]:
        """Returns the labels whose value is at least one half."""
        return [label for label, value in zip(self.labels, encoded, strict=True) if value >= 0.5]

    def state(self) -> dict[str, Any]:
        """Returns the classes and how cells are read."""
        return {**super().state(), "separator": self.separator}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        super().restore(state)
        self.separator = Fields(state).text("separator")

    def _all(self, values: Iterable[Any]) -> Iterator[Any]:
        """Yields the labels of all cells, and notes whether one holds several."""
        for value in values:
            if value is None:
                continue
            if isinstance(value, str) and len(self._cells) < _LOOKED_AT:
                self._cells.append(value)
            labels = self._split(value)
            self._separated |= len(labels) > 1 or _is_list(value)
            yield from labels

    def _split(self, value: Any) -> list[Any]:
        listed = parse_list(value)
        if listed is not None:
            return [part for part in listed if part is not None]
        if isinstance(value, str):
            return [part for part in map(str.strip, value.split(self.separator)) if part]
        if _is_list(value):
            return [part for part in value if part is not None]
        return [value]


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | set | np.ndarray)


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

    def to_predictions(
        self, values: np.ndarray, targets: np.ndarray | None, target: Any
    ) -> tuple[np.ndarray, np.ndarray | None]:
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
        """Returns the labels that are chosen, and the probabilities of all."""
        chances = {
            label: round(float(p), 6)
            for label, p in zip(found.labels, found.outputs[places[0]], strict=True)
        }
        chosen = [
            label for label, on in zip(found.labels, found.answers[places[0]], strict=True) if on
        ]
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
