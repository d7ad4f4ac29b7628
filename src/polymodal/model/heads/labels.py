"""Multi-label classification: any number of labels for each row."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.target import Head
from polymodal.core.errors import RecipeError
from polymodal.layers.heads import VectorHead
from polymodal.layers.losses import BinaryCrossEntropy

__all__ = ["LabelHead"]


class LabelHead(Head):
    """Predicts any number of labels for each row.

    Args:
        num_outputs: int, number of labels, at least 1.
        label_smoothing: float, how far the targets 0 and 1 move to one half, 0 <= s < 1.
        dropout: float, rate before the logits.

    Raises:
        RecipeError: no label, or a rate out of range.
    """

    monitor = ("f1_macro", "max")

    def __init__(self, num_outputs: int, label_smoothing: float = 0.0, dropout: float = 0.1):
        if num_outputs < 1:
            raise RecipeError(
                f"LabelHead needs at least 1 label. Got {num_outputs}. Check the target column."
            )
        if not 0 <= label_smoothing < 1:
            raise RecipeError(
                f"LabelHead needs 0 <= label_smoothing < 1. Got {label_smoothing}. Try 0.1."
            )
        self.num_outputs = num_outputs
        self.label_smoothing, self.dropout = label_smoothing, dropout

    def head(self, pooling: str = "attention"):
        """Returns the layer that turns fused tokens into logits (batch, labels)."""
        return VectorHead(self.num_outputs, self.dropout, pooling)

    def loss(self):
        """Returns the loss, summed over rows: the loader's weights hold the normalisation."""
        return BinaryCrossEntropy(self.label_smoothing)

    def activate(self, logits) -> np.ndarray:
        """Returns a probability for each label, (rows, labels)."""
        logits = np.asarray(logits, dtype=np.float64)
        return (0.5 * (1 + np.tanh(0.5 * logits))).astype(np.float32)  # tanh never overflows
