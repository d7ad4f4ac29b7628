"""One of several labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.core.fields import Fields
from polymodal.preprocess.targets.labels import LabelIndex, need_two, sorted_labels, spell

__all__ = ["LabelTarget"]


class LabelTarget:
    """One label of a row as the index of its class, int32.

    Example:

    >>> target = LabelTarget()
    >>> target.fit(["10", "9", "9"])
    >>> target.labels, int(target.encode(10)), target.decode(0)
    (['9', '10'], 1, '9')
    """

    has_time = False
    dtype = np.int32
    shape = ()

    def __init__(self) -> None:
        self._index = LabelIndex([])

    @property
    def labels(self) -> list[str]:
        """Classes in the order of the model's outputs."""
        return self._index.labels

    @property
    def num_outputs(self) -> int:
        """Number of classes."""
        return len(self.labels)

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the classes of the train split.

        Raises:
            DataError: there is one class, or none.
        """
        labels = sorted_labels(self.read(value) for value in values if value is not None)
        need_two(labels)
        self._index = LabelIndex(labels)

    def read(self, value: Any) -> str:
        """Returns the label of a cell, whether train has it or not.

        Raises:
            DataError: the cell is no label.
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

    def state(self) -> dict[str, Any]:
        """Returns the classes."""
        return {"labels": self.labels}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        self._index = LabelIndex(Fields(state).texts("labels"))
