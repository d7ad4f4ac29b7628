"""Files of the steps of a sequence, each measured once: what is known of it is one vector."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.media.identity import cell_hash
from polymodal.media.media_cell import media_cell
from polymodal.preprocess.modality import check_range
from polymodal.preprocess.sequence import Sequence as Vectors
from polymodal.preprocess.sequence import listed_steps

__all__ = ["MeasuredSteps"]

_MOST_KEPT = 100_000  # files whose numbers are kept in memory


class MeasuredSteps(Vectors):
    """A list of media cells, one for each step, each as a vector of numbers.

    A step that is None is missing, as in `Sequence`, and each number is standardised by the train
    split. A file is decoded once, its numbers are kept.

    Args:
        what: str, what a step is, for messages.
        dim: int, numbers of a step.
        max_length, noise: as for Sequence.
    """

    def __init__(self, what: str, dim: int, max_length: int, noise: float):
        check_range(type(self).__name__, "max_length", max_length, 1, 1_000_000)
        super().__init__(dim, max_length, noise)
        self._what = what
        self._known: dict[Any, np.ndarray] = {}

    def measure(self, step: Any, root: str | os.PathLike | None) -> np.ndarray:
        """Returns the numbers (dim,) of the media cell of one step.

        Raises:
            DataError: it cannot be read.
        """
        raise NotImplementedError

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns float32 (time, dim), one step above the limit if longer."""
        fix = "Check the modality of this column."
        steps = listed_steps(cell, self._what, fix)[: self.limit + 1]
        found = np.full((len(steps), self.dim or 1), np.nan, np.float32)
        for place, step in enumerate(steps):
            if step is not None:
                found[place] = self._kept(step, root, place + 1)
        return found

    def _kept(self, step: Any, root: str | os.PathLike | None, number: int) -> np.ndarray:
        """Returns the numbers of one step."""
        try:
            key = _identity(step, root)
            if key not in self._known:
                if len(self._known) >= _MOST_KEPT:
                    self._known.clear()
                self._known[key] = self.measure(step, root)
        except DataError as error:
            error.problem = f"at step {number} {error.problem}"
            raise
        return self._known[key]


def _identity(step: Any, root: str | os.PathLike | None) -> Any:
    """Returns what tells a file from others, and from itself after a change."""
    each: list[Sequence[Any]] = []
    for path in media_cell(step).files(root):
        if not Path(path).exists():
            continue  # the reader says so
        found = Path(path).stat()
        each.append((str(path), found.st_size, found.st_mtime_ns, found.st_ino))
    return cell_hash(step), tuple(each)
