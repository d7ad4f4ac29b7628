"""A number for each step of a row."""

from __future__ import annotations

from polymodal.layers.heads import StepHead
from polymodal.model.heads.numbers import NumberHead

__all__ = ["StepNumberHead"]


class StepNumberHead(NumberHead):
    """Predicts a number for each step of a sequence.

    Args:
        num_outputs: int, numbers per step, at least 1.
        error: str, "huber" or "squared", as of NumberHead.
        dropout: float, rate before the output.

    Raises:
        RecipeError: no number, or an unknown error.
    """

    per_step = True

    def head(self, pooling: str = "attention"):
        """Returns the layer that turns fused tokens into numbers (batch, time, num_outputs)."""
        return StepHead(self.num_outputs, self.dropout)
