"""Regression: one or several numbers for each row."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.target import Head
from polymodal.core.errors import RecipeError
from polymodal.layers.heads import VectorHead
from polymodal.layers.losses import NumberLoss

__all__ = ["NumberHead"]


class NumberHead(Head):
    """Predicts numbers for each row. Targets are standardised: mean 0, standard deviation 1.

    Args:
        num_outputs: int, numbers per row, at least 1.
        error: str, "huber" (errors above one standard deviation count linearly, so that wild
            values pull less) or "squared".
        dropout: float, rate before the output.

    Raises:
        RecipeError: no number, or an unknown error.
    """

    monitor = ("mae", "min")

    def __init__(self, num_outputs: int = 1, error: str = "huber", dropout: float = 0.1):
        if num_outputs < 1:
            raise RecipeError(
                f"NumberHead needs at least 1 number. Got {num_outputs}. Check the target column."
            )
        if error not in ("huber", "squared"):
            raise RecipeError(
                f'NumberHead needs error to be huber or squared. Got "{error}". '
                "Leave it out for huber."
            )
        self.num_outputs, self.error, self.dropout = num_outputs, error, dropout

    def head(self, pooling: str = "attention"):
        """Returns the layer that turns fused tokens into numbers (batch, num_outputs)."""
        return VectorHead(self.num_outputs, self.dropout, pooling)

    def loss(self):
        """Returns the loss, summed over rows: the loader's weights hold the normalisation."""
        return NumberLoss(1.0 if self.error == "huber" else None)

    def activate(self, logits) -> np.ndarray:
        """Returns standardised numbers, (rows,) where there is one per row."""
        numbers = np.asarray(logits, dtype=np.float32)
        if self.num_outputs == 1:
            return numbers[..., 0]
        return numbers
