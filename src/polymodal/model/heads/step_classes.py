"""Sequence labelling: one of several classes for each step of a row."""

from __future__ import annotations

from polymodal.layers.heads import StepHead
from polymodal.model.heads.classes import ClassHead

__all__ = ["StepClassHead"]


class StepClassHead(ClassHead):
    """Predicts one of several classes for each step of a sequence.

    Args:
        num_outputs: int, number of classes, at least 2.
        label_smoothing: float, share of the target spread evenly over all classes, 0 <= s < 1.
        dropout: float, rate before the logits.

    Raises:
        RecipeError: fewer than two classes, or a rate out of range.
    """

    per_step = True

    def head(self, pooling: str = "attention"):
        """Returns the layer that turns fused tokens into logits (batch, time, classes)."""
        return StepHead(self.num_outputs, self.dropout)
