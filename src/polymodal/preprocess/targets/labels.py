"""Labels: one spelling for each class, sorted, and their indices."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from polymodal.core.contracts.target import Target
from polymodal.core.errors import DataError
from polymodal.core.fields import Fields
from polymodal.tables.reading.labels import Spellings, label_key, spell, spelling_notes

__all__ = ["LabelIndex", "Labelled", "sorted_labels", "spell"]

_MOST_NOTED = 20  # spellings of other tables that are reported, each once


def sorted_labels(values: Iterable[str]) -> list[str]:
    """Returns the distinct labels, by number if all are numbers, else by text."""
    labels = sorted(set(values))
    try:
        return sorted(labels, key=float)
    except ValueError:
        return labels


def need_two(labels: Sequence[str]) -> None:
    """Checks that there is something to tell apart.

    Raises:
        DataError: there is one label, or none.
    """
    if len(labels) > 1:
        return
    only = "has no label in train"
    if labels:
        only = f'has no label but "{_short(labels[0])}" in train'
    raise DataError(
        f"{only}, and a model needs at least 2 to tell apart.",
        "Add rows of other classes, or name another target.",
        reason="single_label",
    )


class LabelIndex:
    """The labels of the train split and the index of each, in whatever spelling it comes.

    Args:
        labels: list of str, in the order of the model's outputs.
        ignore_case: bool, whether capitals make no difference.
    """

    def __init__(self, labels: Iterable[str], ignore_case: bool = False):
        self.labels, self.ignore_case = list(labels), ignore_case
        self.respelled: dict[str, str] = {}  # spellings that train lacks
        self.told: set[str] = set()  # spellings that were or need not be reported
        self._index = {label: index for index, label in enumerate(self.labels)}
        self._by_key = {
            label_key(label, ignore_case): index for index, label in enumerate(self.labels)
        }

    def __getitem__(self, value: Any) -> int:
        label = spell(value)
        index = self.spelled(label)
        if index is None:
            index = self._by_key.get(label_key(label, self.ignore_case))
            if index is None:
                raise self._unseen(label)
            if label not in self.told and len(self.respelled) < _MOST_NOTED:
                self.told.add(label)
                self.respelled[label] = self.labels[index]
        return index

    def spelled(self, label: str) -> int | None:
        """Returns the index of a label in its one spelling, or None if train does not have it."""
        return self._index.get(label)

    def _unseen(self, label: str) -> DataError:
        near = difflib.get_close_matches(label, self.labels, n=1)
        near = [one for one in self.labels if one.casefold() == label.casefold()] or near
        hint = ""
        if near:
            hint = f'Did you mean "{near[0]}"? '
        if near and near[0].casefold() == label.casefold():
            hint += "--set task.ignore_case=true when training makes them one. "
        return DataError(
            f'has the label "{_short(label)}", which train does not have.',
            f"{hint}Add such rows to train, or run with --skip-bad.",
            reason="unseen_label",
        )


class Labelled(Target):
    """Shared by all targets whose cells hold labels.

    Args:
        ignore_case: bool, whether labels that differ only in case are one.
        missing: list of texts and numbers that stand for a missing label.
    """

    def __init__(self, ignore_case: bool = False, missing: list | None = None):
        self.ignore_case, self.missing = ignore_case, list(missing or ())
        self._marks = {label_key(mark) for mark in self.missing}
        self._index = LabelIndex([])
        self._spellings = Spellings(ignore_case)

    @property
    def labels(self) -> list[str]:
        """Classes in the order of the model's outputs."""
        return self._index.labels

    @property
    def num_outputs(self) -> int:
        """Number of classes."""
        return len(self.labels)

    def is_empty(self, value: Any) -> bool:
        """Returns whether a cell is one of the marks of a missing label."""
        return (
            bool(self._marks)
            and isinstance(value, str | int | float)
            and (label_key(value) in self._marks)
        )

    def notes(self, column: str) -> list[str]:
        """Returns sentences on labels of train that are written in several ways."""
        return spelling_notes(column, self._spellings, "--set task.ignore_case=true")

    def respelled(self, column: str) -> list[str]:
        """Returns sentences on labels whose spelling differs from train, and forgets them."""
        found, self._index.respelled = self._index.respelled, {}
        shown = ", ".join(f'"{other}" as "{label}"' for other, label in list(found.items())[:3])
        more = ""
        if len(found) > 3:
            more = f" and {len(found) - 3} more"
        if found:
            return [f'Labels of "{column}" are read as train writes them: {shown}{more}.']
        return []

    def state(self) -> dict[str, Any]:
        """Returns the classes and how cells are read."""
        return {"labels": self.labels, "ignore_case": self.ignore_case, "missing": self.missing}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        fields = Fields(state)
        ignore_case = False
        if "ignore_case" in fields:
            ignore_case = fields.flag("ignore_case")
        missing = []
        if "missing" in fields:
            missing = fields.plain("missing")
        Labelled.__init__(self, ignore_case, missing)
        self._index = LabelIndex(fields.texts("labels"), ignore_case)

    def _learn(self, values: Iterable[Any]) -> None:
        """Learns the classes from all labels of the train split."""
        self._spellings = Spellings(self.ignore_case)
        for value in values:
            self._spellings.add(value)
        self._index = LabelIndex(sorted_labels(self._spellings.labels().values()), self.ignore_case)
        self._index.told.update(self._spellings.written())  # `notes` tells of these


def _short(label: str) -> str:
    if len(label) <= 60:
        return label
    return f"{label[:57]}..."
