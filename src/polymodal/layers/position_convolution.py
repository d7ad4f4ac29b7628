"""Positions that a convolution over neighbouring tokens tells."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers import activations

__all__ = ["PositionConvolution"]


class PositionConvolution(keras.layers.Layer):
    """What a wide convolution, whose kernel has a learned length at each place, makes of tokens.

    Args:
        dim: int, width of the tokens.
        kernel_size: int, tokens that it sees.
        groups: int, parts of the width that do not mix.
        activation: str, a name of `layers.activations`.

    Call arguments:
        tokens: (batch, time, dim), zero where masked.

    Returns:
        (batch, time, dim), to add to the tokens.

    Raises:
        RecipeError: groups that do not divide the width.

    Source: Baevski et al., "wav2vec 2.0", 2020, section 2; Salimans and Kingma, "Weight
    normalization", 2016, equation 2. Groups are convolved one after another, as TensorFlow has no
    gradient of grouped convolutions on processors.
    """

    def __init__(
        self, dim: int, kernel_size: int = 128, groups: int = 16, activation: str = "gelu", **kwargs
    ):
        super().__init__(**kwargs)
        if groups < 1 or dim % groups:
            raise RecipeError(
                f"PositionConvolution needs groups that divide dim. Got dim={dim}, "
                f"groups={groups}. Pass groups=1."
            )
        self.dim, self.kernel_size, self.groups = dim, kernel_size, groups
        self.activation = activations.activation(activation)

    def build(self, tokens_shape):
        shape = (self.kernel_size, self.dim // self.groups, self.dim)
        deviation = (4.0 / (self.kernel_size * self.dim)) ** 0.5
        self.kernel = self.add_weight(
            name="kernel",
            shape=shape,
            autocast=False,
            initializer=keras.initializers.RandomNormal(stddev=deviation),
        )
        length = deviation * (self.dim * self.dim // self.groups) ** 0.5
        self.gain = self.add_weight(
            name="gain",
            shape=(1, 1, self.kernel_size),
            autocast=False,
            initializer=keras.initializers.Constant(length),
        )
        self.bias = self.add_weight(name="bias", shape=(self.dim,), initializer="zeros")
        self.built = True

    def call(self, tokens):
        kernel = ops.cast(self._scaled(), tokens.dtype)
        before, behind = self.kernel_size // 2, (self.kernel_size - 1) // 2
        tokens = ops.pad(tokens, ((0, 0), (before, behind), (0, 0)))
        each = self.dim // self.groups
        parts = [slice(first, first + each) for first in range(0, self.dim, each)]
        found = [ops.conv(tokens[..., part], kernel[..., part]) for part in parts]
        return self.activation(ops.concatenate(found, axis=-1) + ops.cast(self.bias, tokens.dtype))

    def _scaled(self):
        """Returns the kernel with the length that `gain` says at each place."""
        kernel = ops.convert_to_tensor(self.kernel)
        length = ops.sqrt(ops.sum(ops.square(kernel), axis=(1, 2), keepdims=True))
        return kernel / length * ops.reshape(self.gain, (-1, 1, 1))
