"""Any number of labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.core.fields import Fields
from polymodal.preprocess.targets.labels import LabelIndex, sorted_labels, spell

__all__ = ["MultilabelTarget"]


class MultilabelTarget:
    """The labels of a row as zeros and ones, float32 (classes,).

    Args:
        separator: str, between the labels of a cell that is a text.

    Example:

    >>> target = MultilabelTarget()
    >>> target.fit(["cat|dog", ["bird"]])
    >>> target.encode("dog|bird").tolist(), target.decode(np.array([0.0, 1.0, 0.0]))
    ([1.0, 0.0, 1.0], ['cat'])
    """

    has_time = False
    dtype = np.float32

    def __init__(self, separator: str = "|"):
        self.separator = separator
        self._index = LabelIndex([])

    @property
    def labels(self) -> list[str]:
        """Classes in the order of the model's outputs."""
        return self._index.labels

    @property
    def num_outputs(self) -> int:
        """Number of classes."""
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one encoded target."""
        return (len(self.labels),)

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the classes of the train split.

        Raises:
            DataError: no row has a label.
        """
        known = (value for value in values if value is not None)
        labels = sorted_labels(label for value in known for label in self.read(value))
        if not labels:
            raise DataError("holds no label in train.", "Name another target.",
                            reason="single_label")
        self._index = LabelIndex(labels)

    def read(self, value: Any) -> list[str]:
        """Returns the labels of a cell, whether train has them or not.

        Raises:
            DataError: one of them is no label.
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
        """Returns the classes."""
        return {"labels": self.labels, "separator": self.separator}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        fields = Fields(state)
        self.separator = fields.text("separator")
        self._index = LabelIndex(fields.texts("labels"))

    def _split(self, value: Any) -> list[Any]:
        if isinstance(value, str):
            return [part for part in map(str.strip, value.split(self.separator)) if part]
        return [part for part in value if part is not None] if _is_list(value) else [value]


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | set | np.ndarray)
