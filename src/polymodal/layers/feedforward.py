"""The feed-forward part of a transformer block."""

from __future__ import annotations

import keras

from polymodal.layers.dense import Dense

__all__ = ["FeedForward"]


class FeedForward(keras.layers.Layer):
    """Projects each token to a larger width, applies the activation, and projects back to `dim`.

    Args:
        dim: int, width of the result.
        expansion: int, ratio of the hidden width to `dim`.
        dropout: float, rate on the hidden layer.
        activation: str, "gelu", "relu" or "silu".

    Call arguments:
        tokens: (..., any dim).

    Returns:
        (..., dim).
    """

    def __init__(
        self, dim: int, expansion: int = 4, dropout: float = 0.0, activation: str = "gelu", **kwargs
    ):
        super().__init__(**kwargs)
        self.dim, self.expansion = dim, expansion
        self.widen = Dense(dim * expansion, dtype=self.dtype_policy, name="widen")
        self.bend = keras.activations.get(activation)
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.narrow = Dense(dim, dtype=self.dtype_policy, name="narrow")

    def build(self, tokens_shape):
        self.widen.build(tokens_shape)
        self.narrow.build((*tokens_shape[:-1], self.dim * self.expansion))
        self.built = True

    def call(self, tokens, training=None):
        return self.narrow(self.drop(self.bend(self.widen(tokens)), training=training))
