"""One of several labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.preprocess.targets.labels import Labelled, need_two, spell

__all__ = ["LabelTarget"]


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
