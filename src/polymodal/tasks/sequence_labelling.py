"""Sequence labelling: one of several classes for each step of a row."""

from __future__ import annotations

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.layers.heads import StepHead
from polymodal.layers.losses import CrossEntropy

__all__ = ["SequenceLabelling"]


class SequenceLabelling:
    """Says which one of several classes each step of a sequence belongs to.

    Args:
        num_outputs: int, number of classes, at least 2.
        label_smoothing: float, share of the target spread evenly over all classes, 0 <= s < 1.
        dropout: float, rate in front of the logits.

    Raises:
        RecipeError: fewer than two classes, or a rate out of range.
    """

    per_step = True
    autoregressive = False
    monitor = ("accuracy", "max")

    def __init__(self, num_outputs: int, label_smoothing: float = 0.0, dropout: float = 0.1):
        if num_outputs < 2:
            raise RecipeError(
                f"SequenceLabelling needs at least 2 classes. Got {num_outputs}. "
                "Check the target column, or name another with target."
            )
        if not 0 <= label_smoothing < 1:
            raise RecipeError(
                f"SequenceLabelling needs 0 <= label_smoothing < 1. Got {label_smoothing}. Try 0.1."
            )
        self.num_outputs = num_outputs
        self.label_smoothing, self.dropout = label_smoothing, dropout

    def head(self, pooling: str = "attention"):
        """Returns the layer that turns fused tokens into logits (batch, time, classes)."""
        return StepHead(self.num_outputs, self.dropout)

    def loss(self):
        """Returns the loss, summed over steps: the loader's weights hold the normalisation."""
        return CrossEntropy(self.label_smoothing)

    def activate(self, logits) -> np.ndarray:
        """Returns probabilities (rows, time, classes) for logits of that shape."""
        logits = np.asarray(logits, dtype=np.float64)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
