"""ResNet: a published residual network for images."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.activations import ACTIVATIONS
from polymodal.layers.masked_batch_norm import MaskedBatchNorm
from polymodal.layers.masks import hide, repeat_mask
from polymodal.layers.parts import Encoder

__all__ = ["Resnet"]

_KINDS = ("basic", "bottleneck")
_NARROWER = 4  # times, inside a bottleneck
_INSIDE = "relu"  # the activation inside a block
# Parts have names: those that Keras would make of their classes are none for TensorFlow.
_LOWEST = -1e9  # pads what a maximum is taken of


class Resnet(Encoder):
    """Residual network whose stages each halve the image.

    Args:
        stem: int, channels of the first convolution.
        widths: list of int, channels of each stage.
        depths: list of int, blocks of each stage.
        block: str, basic (two convolutions) or bottleneck (three).
        activation: str, a name of `layers.activations`: of the stem and behind each sum. Inside a
            block it is ReLU, as in the published models.
        halves_first: bool, whether the first stage halves the image too.
        stride_in_front: bool, whether a bottleneck halves in its first convolution.
        pooling: str, mean or none: one token for each image, or one for each position.
        keeps_statistics: bool, whether normalisation goes by the statistics that it has in
            training too, as published weights need: those of a few rows are others.

    Call arguments:
        inputs: (batch, height, width, channels).
        mask: bool (batch,).

    Returns:
        (tokens (batch, positions, width), mask (batch, positions)); width is that of the last
        stage.

    Raises:
        RecipeError: an unknown block, pooling or activation, or lists of different lengths.

    Source: He et al., "Deep residual learning for image recognition", 2015.
    """

    def __init__(
        self,
        stem: int = 64,
        widths: list | None = None,
        depths: list | None = None,
        block: str = "bottleneck",
        activation: str = "relu",
        halves_first: bool = False,
        stride_in_front: bool = False,
        pooling: str = "mean",
        keeps_statistics: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.keeps_statistics = keeps_statistics
        widths, depths = list(widths or (256, 512, 1024, 2048)), list(depths or (3, 4, 6, 3))
        _check(widths, depths, block, activation, pooling)
        policy = self.dtype_policy
        self.pooling, self.width = pooling, widths[-1]
        self.stem = _Convolution(stem, 7, 2, activation, dtype=policy)
        self.stages, before = [], stem
        for number, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            stride = 2 if number or halves_first else 1
            self.stages.append(
                _Stage(
                    before, width, depth, stride, block, activation, stride_in_front, dtype=policy
                )
            )
            before = width

    def build(self, inputs_shape):
        self.stem.build(inputs_shape)
        shape = _halved(self.stem.compute_output_shape(inputs_shape))
        for stage in self.stages:
            stage.build(shape)
            shape = stage.compute_output_shape(shape)
        self.num_tokens, self.grid = 1, None
        if self.pooling == "none":
            self.grid = shape[1:3]
            self.num_tokens = shape[1] * shape[2]
        self.built = True

    def call(self, inputs, mask, training=None):
        tokens = self.feature_map(inputs, mask, training)
        if self.pooling == "mean":
            tokens = ops.mean(tokens, axis=(1, 2))[:, None]
        tokens = ops.reshape(tokens, (-1, self.num_tokens, self.width))
        mask = repeat_mask(mask, self.num_tokens)
        return hide(tokens, mask), mask

    def feature_map(self, inputs, mask, training=None):
        """Returns what the last stage makes, (batch, down, across, width)."""
        if self.keeps_statistics:
            training = False  # nothing but normalisation asks
        tokens = self.stem(inputs, mask, training=training)
        tokens = ops.pad(tokens, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=_LOWEST)
        tokens = ops.max_pool(tokens, 3, 2, padding="valid")
        for stage in self.stages:
            tokens = stage(tokens, mask, training=training)
        return tokens


def _check(widths, depths, block, activation, pooling):
    if len(widths) != len(depths) or min(*widths, *depths) < 1:
        raise RecipeError(
            f"Resnet needs a width and a depth of at least 1 for each stage. Got "
            f"{widths} and {depths}. Give lists of one length."
        )
    for name, value, known in (
        ("block", block, _KINDS),
        ("pooling", pooling, ("mean", "none")),
        ("activation", activation, tuple(ACTIVATIONS)),
    ):
        if value not in known:
            raise RecipeError(
                f'Resnet needs {name} {", ".join(known)}. Got "{value}". Use one of these.'
            )


def _halved(shape):
    return (shape[0], -(-shape[1] // 2), -(-shape[2] // 2), shape[3])


class _Convolution(keras.layers.Layer):
    """A convolution without a bias, batch normalisation, and perhaps an activation."""

    def __init__(self, channels, side, stride=1, activation="", name="convolution", **kwargs):
        super().__init__(name=name, **kwargs)
        self.channels, self.margin, self.stride = channels, side // 2, stride
        self.activation = activation
        self.convolution = keras.layers.Conv2D(
            channels, side, strides=stride, padding="valid", use_bias=False, dtype=self.dtype_policy
        )
        self.norm = MaskedBatchNorm(dtype=self.dtype_policy)

    def build(self, inputs_shape):
        rows, down, across, channels = inputs_shape
        padded = (rows, down + 2 * self.margin, across + 2 * self.margin, channels)
        self.convolution.build(padded)
        self.norm.build((*inputs_shape[:-1], self.channels))
        self.built = True

    def compute_output_shape(self, inputs_shape):
        down, across = (-(-side // self.stride) for side in inputs_shape[1:3])
        return (inputs_shape[0], down, across, self.channels)

    def call(self, inputs, mask, training=None):
        if self.margin:  # on all sides alike, which "same" is not for even sides
            both = (self.margin, self.margin)
            inputs = ops.pad(inputs, ((0, 0), both, both, (0, 0)))
        found = self.norm(self.convolution(inputs), mask, training=training)
        if self.activation:
            return ACTIVATIONS[self.activation](found)
        return found


class _Block(keras.layers.Layer):
    """Two or three convolutions, to which the input is added, projected where shapes differ."""

    def __init__(
        self, before, after, stride, kind, activation, stride_in_front, name="block", **kwargs
    ):
        super().__init__(name=name, **kwargs)
        policy, self.activation = self.dtype_policy, activation
        if kind == "basic":
            self.first = _Convolution(after, 3, stride, _INSIDE, dtype=policy)
            self.second = _Convolution(after, 3, dtype=policy)
            self.third = None
        else:
            inner, strides = after // _NARROWER, (1, stride)
            if stride_in_front:
                strides = (stride, 1)
            self.first = _Convolution(inner, 1, strides[0], _INSIDE, dtype=policy)
            self.second = _Convolution(inner, 3, strides[1], _INSIDE, dtype=policy)
            self.third = _Convolution(after, 1, dtype=policy)
        self.shortcut = None
        if before != after or stride != 1:
            self.shortcut = _Convolution(after, 1, stride, dtype=policy)

    def build(self, inputs_shape):
        shape = inputs_shape
        for layer in self._parts():
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        if self.shortcut is not None:
            self.shortcut.build(inputs_shape)
        self.built = True

    def compute_output_shape(self, inputs_shape):
        for layer in self._parts():
            inputs_shape = layer.compute_output_shape(inputs_shape)
        return inputs_shape

    def call(self, inputs, mask, training=None):
        found = inputs
        for layer in self._parts():
            found = layer(found, mask, training=training)
        if self.shortcut is not None:
            inputs = self.shortcut(inputs, mask, training=training)
        return ACTIVATIONS[self.activation](found + inputs)

    def _parts(self):
        return [one for one in (self.first, self.second, self.third) if one is not None]


class _Stage(keras.layers.Layer):
    """Blocks of one width, of which the first may halve the image."""

    def __init__(
        self,
        before,
        after,
        depth,
        stride,
        kind,
        activation,
        stride_in_front,
        name="stage",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        how = (kind, activation, stride_in_front)
        self.blocks = [
            _Block(before, after, stride, *how, dtype=self.dtype_policy),
            *(_Block(after, after, 1, *how, dtype=self.dtype_policy) for _ in range(depth - 1)),
        ]

    def build(self, inputs_shape):
        for block in self.blocks:
            block.build(inputs_shape)
            inputs_shape = block.compute_output_shape(inputs_shape)
        self.built = True

    def compute_output_shape(self, inputs_shape):
        for block in self.blocks:
            inputs_shape = block.compute_output_shape(inputs_shape)
        return inputs_shape

    def call(self, inputs, mask, training=None):
        for block in self.blocks:
            inputs = block(inputs, mask, training=training)
        return inputs
