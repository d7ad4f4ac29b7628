"""Classification: one of several classes for each row."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.target import Head
from polymodal.core.errors import RecipeError
from polymodal.core.probabilities import softmax
from polymodal.layers.heads import VectorHead
from polymodal.layers.losses import CrossEntropy

__all__ = ["ClassHead"]


class ClassHead(Head):
    """Predicts one of several classes for each row.

    Args:
        num_outputs: int, number of classes, at least 2.
        label_smoothing: float, share of the target spread evenly over all classes, 0 <= s < 1.
        dropout: float, rate before the logits.

    Raises:
        RecipeError: fewer than two classes, or a rate out of range.
    """

    monitor = ("accuracy", "max")

    def __init__(self, num_outputs: int, label_smoothing: float = 0.0, dropout: float = 0.1):
        if num_outputs < 2:
            raise RecipeError(
                f"{type(self).__name__} needs at least 2 classes. Got {num_outputs}. "
                "Check the target column, or name another with target."
            )
        if not 0 <= label_smoothing < 1:
            raise RecipeError(
                f"{type(self).__name__} needs 0 <= label_smoothing < 1. Got {label_smoothing}. "
                "Try 0.1."
            )
        self.num_outputs = num_outputs
        self.label_smoothing, self.dropout = label_smoothing, dropout

    def head(self, pooling: str = "attention"):
        """Returns the layer that turns fused tokens into logits (batch, classes)."""
        return VectorHead(self.num_outputs, self.dropout, pooling)

    def loss(self):
        """Returns the loss, summed: the loader's weights hold the normalisation."""
        return CrossEntropy(self.label_smoothing)

    def activate(self, logits) -> np.ndarray:
        """Returns probabilities for logits (rows, classes), or (rows, time, classes) per step."""
        return softmax(logits)
