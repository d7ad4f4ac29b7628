"""Normalisation by the root mean square."""

from __future__ import annotations

import keras
from keras import ops

__all__ = ["RMSNorm"]


class RMSNorm(keras.layers.Layer):
    """Divides by the root mean square over the last axis, in float32, times a learned gain.

    Args:
        epsilon: float, added to the mean square.

    Call arguments:
        inputs: (..., features).

    Returns:
        (..., features), of the layer's type.

    Source: Zhang and Sennrich, "Root mean square layer normalization", 2019, equation 4.
    """

    def __init__(self, epsilon: float = 1e-6, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, inputs_shape):
        self.gamma = self.add_weight(name="gamma", shape=(inputs_shape[-1],), initializer="ones")
        self.built = True

    def call(self, inputs):
        wide = ops.cast(inputs, "float32")
        square = ops.mean(ops.square(wide), axis=-1, keepdims=True)
        normal = ops.cast(wide * ops.rsqrt(square + self.epsilon), self.compute_dtype)
        return normal * ops.cast(self.gamma, self.compute_dtype)
