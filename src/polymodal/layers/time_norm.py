"""Normalisation of each channel over the real steps of a sequence."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.masks import fit_mask

__all__ = ["TimeNorm"]


class TimeNorm(keras.layers.Layer):
    """Brings each channel of each row to mean 0 and deviation 1 over its real steps.

    It is group normalisation with a group for each channel. Padding enters no statistics, so that a
    row has the same result alone and in a batch. Outputs at masked steps are meaningless.

    Args:
        epsilon: float, added to the variance.

    Call arguments:
        tensor: (batch, time, channels).
        mask: bool (batch, time).

    Returns:
        (batch, time, channels).

    Source: Wu and He, "Group normalization", 2018, equation 7, over real steps only.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, tensor_shape):
        weight = lambda name, value: self.add_weight(
            name=name, shape=(tensor_shape[-1],), initializer=value, autocast=False
        )
        self.gamma, self.beta = weight("gamma", "ones"), weight("beta", "zeros")
        self.built = True

    def call(self, tensor, mask):
        values = ops.cast(tensor, "float32")
        real = ops.cast(fit_mask(mask, tensor), "float32")
        count = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
        mean = ops.sum(values * real, axis=1, keepdims=True) / count
        variance = ops.sum(ops.square(values - mean) * real, axis=1, keepdims=True) / count
        scaled = (values - mean) * ops.rsqrt(variance + self.epsilon)
        return ops.cast(scaled * self.gamma + self.beta, tensor.dtype)
