"""A small network for numbers and categories, any of which may be missing."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.masks import hide

__all__ = ["Tabular"]


class Tabular(keras.layers.Layer):
    """Layers of units for numbers and categories, some of them missing.

    What is missing counts as zero, and the mask is read beside the values, so that the network can
    tell a missing number from an average one.

    Args:
        dim: int, width of the token.
        hidden: int, units of each hidden layer.
        num_layers: int, hidden layers.
        dropout: float, rate behind each hidden layer.

    Call arguments:
        inputs: (batch, features).
        mask: bool (batch, features).

    Returns:
        (tokens (batch, 1, dim), mask (batch, 1)), absent where all features are.
    """

    def __init__(self, dim: int = 128, hidden: int = 256, num_layers: int = 2,
                 dropout: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.hidden = [keras.layers.Dense(hidden, activation="gelu", dtype=policy)
                       for _ in range(num_layers)]
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.project = keras.layers.Dense(dim, dtype=policy, name="project")

    def build(self, inputs_shape):
        shape = (None, 2 * inputs_shape[-1])
        for layer in self.hidden:
            layer.build(shape)
            shape = (None, layer.units)
        self.project.build(shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        inputs = hide(inputs, mask)
        vector = ops.concatenate([inputs, ops.cast(mask, inputs.dtype)], axis=-1)
        for layer in self.hidden:
            vector = self.drop(layer(vector), training=training)
        mask = ops.any(mask, axis=-1, keepdims=True)  # (batch, 1)
        return hide(ops.expand_dims(self.project(vector), 1), mask), mask
