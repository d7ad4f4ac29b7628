"""Batch normalisation whose statistics are those of the real inputs only."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.engines.batch_norm import one_kernel
from polymodal.layers.masks import hide

__all__ = ["MaskedBatchNorm"]


class MaskedBatchNorm(keras.layers.Layer):
    """Normalises each channel by the mean and variance of the real inputs of the batch.

    Absent and filler rows, and padded steps, enter neither the batch's statistics nor the moving
    ones. A batch without anything real does not change the moving statistics. Outputs at masked
    positions are meaningless.

    Args:
        momentum: float, share of the moving statistics kept at each step. Lower than Keras' 0.99,
            because small tables give few steps.
        epsilon: float, added to the variance.

    Call arguments:
        tensor: (batch, ..., channels).
        mask: bool with the leading axes of `tensor`: (batch,), (batch, time), ...

    Raises:
        RecipeError: a momentum outside 0..1.

    Source: Ioffe and Szegedy, "Batch normalization", 2015, algorithm 1, with masked sums.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= momentum < 1.0:
            raise RecipeError(
                f"MaskedBatchNorm needs momentum from 0 to below 1. Got {momentum}. "
                "Pass 0.9, for example."
            )
        self.momentum, self.epsilon = momentum, epsilon

    def build(self, tensor_shape):
        def weight(name, initializer, trainable=True):
            return self.add_weight(
                name=name,
                shape=(tensor_shape[-1],),
                initializer=initializer,
                trainable=trainable,
                autocast=False,
            )

        self.scale, self.shift = weight("scale", "ones"), weight("shift", "zeros")
        self.moving_mean = weight("moving_mean", "zeros", trainable=False)
        self.moving_variance = weight("moving_variance", "ones", trainable=False)

    def call(self, tensor, mask, training=None):
        if training and self.trainable:
            normalise = one_kernel(len(tensor.shape))
            if normalise is not None:
                return self._in_one_kernel(normalise, tensor, mask)
            mean, variance, count = self._moments(tensor, mask)
            self._move(self.moving_mean, mean, count)
            self._move(self.moving_variance, variance, count)
            scale, shift = self._gain(mean, variance)
        else:
            scale, shift = self.in_use()
        return tensor * ops.cast(scale, tensor.dtype) + ops.cast(shift, tensor.dtype)

    def _in_one_kernel(self, normalise, tensor, mask):
        result, mean, variance = normalise(
            ops.cast(tensor, "float32"),
            mask,
            self.scale.value,
            self.shift.value,
            self.epsilon,
            lambda given: self._moments(given, mask)[:2],
        )
        count = ops.sum(ops.cast(mask, "float32"))
        self._move(self.moving_mean, mean, count)
        self._move(self.moving_variance, variance, count)
        return ops.cast(result, tensor.dtype)

    def in_use(self):
        """Returns what a channel is multiplied by and what is added to it outside of training."""
        return self._gain(self.moving_mean.value, self.moving_variance.value)

    def _gain(self, mean, variance):
        scale = self.scale * ops.rsqrt(variance + self.epsilon)
        return scale, self.shift - mean * scale

    def _moments(self, tensor, mask):
        """Returns mean and variance of each channel, and how many of `mask` are real."""
        inner = tuple(range(len(mask.shape), len(tensor.shape) - 1))
        outer = tuple(range(len(mask.shape)))
        tensor = ops.cast(tensor, "float32")
        first, second = tensor, ops.square(tensor)
        if inner:  # first within what is present as a whole: far fewer numbers to mask
            first, second = ops.mean(first, axis=inner), ops.mean(second, axis=inner)
        count = ops.sum(ops.cast(mask, "float32"))
        divisor = ops.maximum(count, 1.0)
        mean = ops.sum(hide(first, mask), axis=outer) / divisor
        square = ops.sum(hide(second, mask), axis=outer) / divisor
        return mean, ops.maximum(square - ops.square(mean), 0.0), count

    def _move(self, moving, value, count):
        moved = moving.value * self.momentum + value * (1.0 - self.momentum)
        moving.assign(ops.where(count > 0, moved, moving.value))
