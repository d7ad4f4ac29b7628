"""Position embeddings: learned and rotary."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError

__all__ = ["LearnedPositions", "rotate"]


def rotate(tensor, first=0, base: float = 10_000.0, scale: float = 1.0):
    """Rotates pairs of features by an angle that grows with the step: rotary positions.

    The product of a query and a key that are both rotated depends on their distance only, so
    nothing is learned and any length works.

    Args:
        tensor: (batch, heads, time, size), size even.
        first: int32, position of the first step.
        base: float, the longest wave is about `2 pi base` steps.
        scale: float, what the result is multiplied by.

    Source: Su et al., "RoFormer", 2021, equation 34, with halves instead of neighbouring pairs.
    """
    half = tensor.shape[-1] // 2
    rates = ops.power(base, -ops.arange(half, dtype="float32") / half)
    steps = ops.arange(ops.shape(tensor)[2], dtype="float32") + ops.cast(first, "float32")
    angles = ops.expand_dims(steps, 1) * rates  # (time, half)
    cosine, sine = ops.cos(angles) * scale, ops.sin(angles) * scale
    whole = lambda *halves: ops.cast(ops.concatenate(halves, axis=-1), tensor.dtype)
    # Whole features and not halves that are put together again: half the ignores memory.
    return tensor * whole(cosine, cosine) + ops.roll(tensor, half, axis=-1) * whole(-sine, sine)


class LearnedPositions(keras.layers.Layer):
    """Adds one learned vector per position to tokens (batch, time, dim).

    Args:
        max_length: int, positions that have a vector. Later ones share the last.

    Raises:
        RecipeError: less than one position.
    """

    def __init__(self, max_length: int, **kwargs):
        super().__init__(**kwargs)
        if max_length < 1:
            raise RecipeError(
                f"LearnedPositions needs max_length of at least 1. Got {max_length}. "
                "Pass the longest length that will occur."
            )
        self.max_length = max_length

    def build(self, tokens_shape):
        self.table = self.add_weight(
            name="table",
            shape=(self.max_length, tokens_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def call(self, tokens):
        steps = ops.arange(ops.shape(tokens)[1], dtype="int32")
        return tokens + ops.take(self.table, ops.minimum(steps, self.max_length - 1), axis=0)
