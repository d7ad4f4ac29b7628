"""The rows that small models look at, with features and kernels of their columns."""

from __future__ import annotations

import numpy as np

from polymodal.core.printed.counting import counted
from polymodal.profile.columns import judge_columns
from polymodal.profile.observed import evenly
from polymodal.questions.inspection.deep.features import features
from polymodal.questions.inspection.deep.kernel import kernel
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
        return 3 + len(self) * _SECONDS_A_ROW * len(self.inputs) + (
            _SECONDS_A_CUBE * len(self) ** 3 * (3 + len(self.inputs)))

    def blocks(self, column: str) -> list[np.ndarray] | None:
        """Returns the features of a column, or None where it has none."""
        return self.look.facts.once(("features", column, len(self)), lambda: features(
            self.look, column, self.rows))

    def kernel(self, column: str) -> np.ndarray | None:
        """Returns (rows, rows) float32, how alike the cells of a column are, or None."""
        blocks = self.blocks(column)
        if blocks is None:
            return None
        return self.look.facts.once(("kernel", column, len(self)), lambda: kernel(blocks))
