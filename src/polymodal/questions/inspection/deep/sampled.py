"""The rows that small models look at, with features and kernels of their columns."""

from __future__ import annotations

import numpy as np

from polymodal.core.printed.counting import counted
from polymodal.profile.columns import judge_columns
from polymodal.profile.observed import evenly
from polymodal.questions.inspection.deep.features import (
    features,
    spoken_pieces,
    word_counts,
)
from polymodal.questions.inspection.deep.kernel import kernel, linear_kernel
from polymodal.questions.inspection.look import Look

MOST_ROWS = 3000
_SECONDS_A_ROW = 0.004  # reading one, on two slow cores
_SECONDS_A_CUBE = 2.5e-10  # of the rows: inverses and products


class Sampled:
    """Some rows of a part, evenly spaced, and its columns as small models read them.

    Args:
        look: Look.
        most_rows: int.
    """

    def __init__(self, look: Look, most_rows: int = MOST_ROWS):
        self.look = look
        self.rows = evenly(len(look), most_rows)
        guesses = judge_columns(look.facts.whole, look.target).inputs
        self.inputs = [name for guess in guesses for name in guess.columns]
        self.judged: set[frozenset[str]] = set()  # pairs of columns that an imported pair judged

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def of_all(self) -> str:
        """Which rows were looked at, as a clause, where that is not all."""
        if len(self) == len(self.look):
            return ""
        return f" (of {counted(len(self), 'row')} that were looked at)"

    @property
    def seconds(self) -> float:
        """About how long the small models take."""
        return (
            3
            + len(self) * _SECONDS_A_ROW * len(self.inputs)
            + (_SECONDS_A_CUBE * len(self) ** 3 * (3 + len(self.inputs)))
        )

    def there(self, column: str) -> np.ndarray:
        """Returns (rows,) bool, where a column has something that can be read."""
        if column in self.look.media_columns:
            media = self.look.media(column)
            return np.append(media.readable, False)[media.slots[self.rows]]
        texts = self.look.texts(column)
        return np.array([bool((texts[row] or "").strip()) for row in self.rows], bool)

    def blocks(self, column: str) -> list[np.ndarray] | None:
        """Returns the features of a column, or None where it has none."""
        return self.look.facts.once(
            ("features", column, len(self)), lambda: features(self.look, column, self.rows)
        )

    def kernel(self, column: str) -> np.ndarray | None:
        """Returns (rows, rows) float32, how alike the cells of a column are, or None."""
        blocks = self.blocks(column)
        if blocks is None:
            return None
        return self.look.facts.once(("kernel", column, len(self)), lambda: kernel(blocks))

    def kernel_for(self, source: str, goal: str) -> np.ndarray | None:
        """Returns the kernel of the column `source` from which `goal` is predicted: of speech and
        its transcript that of counted pieces, else the usual one."""
        if not self._is_speech(source, goal):
            return self.kernel(source)
        counts = self.look.facts.once(
            ("pieces", source, len(self)), lambda: spoken_pieces(self.look, source, self.rows)
        )
        if counts is None:
            return None
        return linear_kernel(counts)

    def blocks_for(self, goal: str, source: str) -> list[np.ndarray] | None:
        """Returns the features of the column `goal` that are predicted from `source`."""
        if not self._is_speech(source, goal):
            return self.blocks(goal)
        found = word_counts([self.look.texts(goal)[row] or "" for row in self.rows])
        if found is None:
            return None
        return [found]

    def _is_speech(self, source: str, goal: str) -> bool:
        return self.look.kind(source) in ("audio", "video") and self.look.kind(goal) == "text"
