"""Heads: from fused tokens to the numbers that a task reads."""

from __future__ import annotations

import keras

from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.pooling import Pool

__all__ = ["StepHead", "VectorHead"]


class VectorHead(keras.layers.Layer):
    """Pools the fused tokens and gives one vector of logits per row.

    A row in which everything is missing gets the bias alone: what is known without any input.

    Args:
        num_outputs: int, logits per row.
        dropout: float, rate on the pooled vector.
        pooling: str, "mean", "max" or "attention".

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).

    Returns:
        float32 (batch, num_outputs), whatever the precision of the rest.
    """

    def __init__(
        self, num_outputs: int, dropout: float = 0.1, pooling: str = "attention", **kwargs
    ):
        super().__init__(**kwargs)
        self.num_outputs, self.pooling = num_outputs, pooling
        self.norm = LayerNorm(dtype=self.dtype_policy)
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.logits = keras.layers.Dense(num_outputs, dtype="float32")

    def build(self, tokens_shape):
        dim = tokens_shape[-1]
        self.norm.build((None, None, dim))
        self.pool = Pool(dim, self.pooling, dtype=self.dtype_policy)
        self.pool.build((None, None, dim))
        self.logits.build((None, dim))
        self.built = True

    def call(self, tokens, mask, training=None):
        vector = self.pool(self.norm(hide(tokens, mask)), mask)  # (batch, dim)
        return self.logits(self.drop(vector, training=training))


class StepHead(keras.layers.Layer):
    """Gives one vector of logits per step.

    Args:
        num_outputs: int, logits per step.
        dropout: float, rate on the tokens.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).

    Returns:
        float32 (batch, time, num_outputs), whatever the precision of the rest; the bias alone
        where a step is masked.
    """

    def __init__(self, num_outputs: int, dropout: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs
        self.norm = LayerNorm(dtype=self.dtype_policy)
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.logits = keras.layers.Dense(num_outputs, dtype="float32")

    def build(self, tokens_shape):
        self.norm.build(tokens_shape)
        self.logits.build(tokens_shape)
        self.built = True

    def call(self, tokens, mask, training=None):
        tokens = hide(self.norm(hide(tokens, mask)), mask)
        return self.logits(self.drop(tokens, training=training))
