"""Brings the tokens of an encoder with a width of its own to that of a model."""

from __future__ import annotations

from typing import Any

import keras

__all__ = ["Projection"]


class Projection(keras.layers.Dense):
    """A dense layer that may drop numbers of its inputs in training.

    Vectors of a frozen encoder have far more numbers than few rows can teach a use of; a network
    memorises the rows by some of them. Dropped at random, none of them can be relied on.

    Args:
        units: int, width of the result.
        dropout: float, rate on the inputs, 0 <= rate < 1.

    Call arguments:
        inputs: (batch, time, any dim).

    Returns:
        (batch, time, units).

    Source: dropout on inputs as in Srivastava et al., "Dropout", 2014.
    """

    def __init__(self, units: int, dropout: float = 0.0, **kwargs: Any):
        super().__init__(units, **kwargs)
        self.dropout = dropout
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)

    def call(self, inputs, training=None):
        return super().call(self.drop(inputs, training=training))

    def get_config(self):
        return {**super().get_config(), "dropout": self.dropout}
