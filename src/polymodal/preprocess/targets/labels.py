"""Labels: one spelling for each class, sorted, and their indices."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import DataError


def spell(value: Any) -> str:
    """Returns the one spelling of a label: 1, 1.0 and "1" are "1"; True is "true".

    Raises:
        DataError: the value is no text, number or truth value.
    """
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, str | int | float | np.number):
        return str(value).strip()
    raise DataError(f"needs a label. Got {type(value).__name__}.",
                    "Give each row one text or number.", reason="not_a_label")


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
    only = f'holds no label but "{_short(labels[0])}" in train' if labels else (
        "holds no label in train")
    raise DataError(f"{only}, and a model needs at least 2 to tell apart.",
                    "Add rows of other classes, or name another target.", reason="single_label")


class LabelIndex:
    """The labels of the train split and the index of each.

    Args:
        labels: list of str, in the order of the model's outputs.
    """

    def __init__(self, labels: Iterable[str]):
        self.labels = list(labels)
        self._index = {label: index for index, label in enumerate(self.labels)}

    def __getitem__(self, value: Any) -> int:
        label = spell(value)
        index = self.spelled(label)
        if index is None:
            raise self._unseen(label)
        return index

    def spelled(self, label: str) -> int | None:
        """Returns the index of a label in its one spelling, or None if train does not have it."""
        return self._index.get(label)

    def _unseen(self, label: str) -> DataError:
        near = difflib.get_close_matches(label, self.labels, n=1)
        hint = f'Did you mean "{near[0]}"? ' if near else ""
        return DataError(f'holds the label "{_short(label)}", which train does not have.',
                         f"{hint}Add such rows to train, or run with --skip-bad.",
                         reason="unseen_label")


def _short(label: str) -> str:
    return label if len(label) <= 60 else f"{label[:57]}..."
