"""A small network for vectors."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.dense import Dense
from polymodal.layers.masks import hide
from polymodal.layers.parts import Encoder

__all__ = ["Mlp"]


class Mlp(Encoder):
    """Multilayer perceptron for a vector of precomputed features.

    Args:
        dim: int, width of the token.
        hidden: int, units of each hidden layer.
        num_layers: int, hidden layers.
        dropout: float, rate after each hidden layer.
        input_dropout: float, rate in training on the numbers of the vector, which few rows would
            otherwise be memorised by.

    Call arguments:
        inputs: (batch, features).
        mask: bool (batch,).

    Returns:
        (tokens (batch, 1, dim), mask (batch, 1)).
    """

    num_tokens = 1

    def __init__(
        self,
        dim: int = 128,
        hidden: int = 256,
        num_layers: int = 1,
        dropout: float = 0.2,
        input_dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.hidden = [Dense(hidden, activation="gelu", dtype=policy) for _ in range(num_layers)]
        self.drop_input = None
        if input_dropout:
            self.drop_input = keras.layers.Dropout(input_dropout, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.project = Dense(dim, dtype=policy, name="project")

    def build(self, inputs_shape):
        shape = inputs_shape
        for layer in self.hidden:
            layer.build(shape)
            shape = (None, layer.units)
        self.project.build(shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        vector = hide(inputs, mask)
        if self.drop_input is not None:
            vector = self.drop_input(vector, training=training)
        for layer in self.hidden:
            vector = self.drop(layer(vector), training=training)
        vector = hide(self.project(vector), mask)
        return ops.expand_dims(vector, 1), ops.expand_dims(mask, 1)
