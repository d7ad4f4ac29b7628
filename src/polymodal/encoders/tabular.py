"""A small network for numbers and categories, any of which may be missing."""

from __future__ import annotations

from keras import ops

from polymodal.encoders.mlp import Mlp
from polymodal.layers.masks import hide

__all__ = ["Tabular"]


class Tabular(Mlp):
    """Multilayer perceptron for numbers and categories, some of them missing.

    What is missing counts as zero, and the mask is read next to the values, so that the network can
    tell a missing number from an average one.

    Args:
        dim: int, width of the token.
        hidden: int, units of each hidden layer.
        num_layers: int, hidden layers.
        dropout: float, rate after each hidden layer.

    Call arguments:
        inputs: (batch, features).
        mask: bool (batch, features).

    Returns:
        (tokens (batch, 1, dim), mask (batch, 1)), absent where all features are.
    """

    def __init__(
        self, dim: int = 128, hidden: int = 256, num_layers: int = 2, dropout: float = 0.1, **kwargs
    ):
        super().__init__(dim, hidden, num_layers, dropout, **kwargs)

    def build(self, inputs_shape):
        super().build((None, 2 * inputs_shape[-1]))

    def call(self, inputs, mask, training=None):
        inputs = hide(inputs, mask)
        vector = ops.concatenate([inputs, ops.cast(mask, inputs.dtype)], axis=-1)
        return super().call(vector, ops.any(mask, axis=-1), training=training)
