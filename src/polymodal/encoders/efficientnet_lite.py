"""EfficientNet-Lite: a published convolutional network for images."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.masks import hide, repeat_mask
from polymodal.layers.parts import Encoder

__all__ = ["EfficientnetLite"]

# Side of the filter, stride, expansion, channels and repeats of each stage.
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM, _TOP = 32, 1280  # channels
_EPSILON = 1e-3


class EfficientnetLite(Encoder):
    """EfficientNet-Lite0: inverted residuals with ReLU6 and without squeeze-and-excitation.

    Args:
        pooling: str, mean or none: one token for each image, or one for each position.
        keeps_statistics: bool, whether normalisation goes by the statistics that it has in
            training too, as published weights need: those of a few rows are others.

    Call arguments:
        inputs: (batch, height, width, 3).
        mask: bool (batch,).

    Returns:
        (tokens (batch, positions, 1280), mask (batch, positions)).

    Raises:
        RecipeError: an unknown pooling.

    Source: Tan and Le, "EfficientNet", 2019, without what mobile accelerators lack.
    """

    behind_blocks = ("top",)
    takes_adapters = False

    def __init__(self, pooling: str = "mean", keeps_statistics: bool = False, **kwargs):
        super().__init__(**kwargs)
        if pooling not in ("mean", "none"):
            raise RecipeError(
                f'EfficientnetLite needs pooling mean or none. Got "{pooling}". Use one of these.'
            )
        policy = self.dtype_policy
        self.pooling, self.keeps_statistics = pooling, keeps_statistics
        self.stem = _Convolution(_STEM, 3, 2, dtype=policy)
        self.blocks, channels = [], _STEM
        for side, stride, expansion, out, repeats in _STAGES:
            for number in range(repeats):
                self.blocks.append(
                    _Block(
                        channels, out, side, stride if number == 0 else 1, expansion, dtype=policy
                    )
                )
                channels = out
        self.top = _Convolution(_TOP, 1, 1, dtype=policy)

    @property
    def width(self) -> int:
        """Width of the tokens."""
        return _TOP

    def build(self, inputs_shape):
        shape = tuple(inputs_shape)
        for layer in (self.stem, *self.blocks, self.top):
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.num_tokens, self.grid = 1, None
        if self.pooling == "none":
            self.grid = shape[1:3]
            self.num_tokens = shape[1] * shape[2]
        self.built = True

    def call(self, inputs, mask, training=None):
        if self.keeps_statistics:
            training = False  # nothing but normalisation asks
        tokens = self.stem(inputs, training=training)
        for block in self.blocks:
            tokens = block(tokens, training=training)
        tokens = self.top(tokens, training=training)
        if self.pooling == "mean":
            tokens = ops.mean(tokens, axis=(1, 2))[:, None]
        tokens = ops.reshape(tokens, (-1, self.num_tokens, _TOP))
        mask = repeat_mask(mask, self.num_tokens)
        return hide(tokens, mask), mask


class _Convolution(keras.layers.Layer):
    """A convolution, batch normalisation and perhaps ReLU6; of each channel by itself with
    `depthwise`."""

    def __init__(self, channels, side, stride, depthwise=False, bend=True, **kwargs):
        super().__init__(**kwargs)
        policy, self.bend, self.depthwise = self.dtype_policy, bend, None
        self.convolution = None
        how = {"strides": stride, "padding": "same", "use_bias": False, "dtype": policy}
        if depthwise:
            self.depthwise = keras.layers.DepthwiseConv2D(side, **how)
        else:
            self.convolution = keras.layers.Conv2D(channels, side, **how)
        self.norm = keras.layers.BatchNormalization(epsilon=_EPSILON, momentum=0.99, dtype=policy)

    @property
    def filters(self):
        """The layer with the filters."""
        return self.convolution or self.depthwise

    def build(self, inputs_shape):
        self.filters.build(inputs_shape)
        self.norm.build(self.filters.compute_output_shape(inputs_shape))
        self.built = True

    def compute_output_shape(self, inputs_shape):
        return self.filters.compute_output_shape(inputs_shape)

    def call(self, inputs, training=None):
        found = self.norm(self.filters(inputs), training=training)
        if self.bend:
            return ops.relu6(found)
        return found


class _Block(keras.layers.Layer):
    """Widens, filters each channel, narrows, and adds the input where shapes allow."""

    def __init__(self, before, after, side, stride, expansion, **kwargs):
        super().__init__(**kwargs)
        policy, wide = self.dtype_policy, before * expansion
        self.adds = stride == 1 and before == after
        self.widen = None
        if expansion != 1:
            self.widen = _Convolution(wide, 1, 1, dtype=policy)
        self.filter = _Convolution(wide, side, stride, depthwise=True, dtype=policy)
        self.narrow = _Convolution(after, 1, 1, bend=False, dtype=policy)

    def build(self, inputs_shape):
        shape = inputs_shape
        for layer in self._parts():
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.built = True

    def compute_output_shape(self, inputs_shape):
        for layer in self._parts():
            inputs_shape = layer.compute_output_shape(inputs_shape)
        return inputs_shape

    def call(self, inputs, training=None):
        found = inputs
        for layer in self._parts():
            found = layer(found, training=training)
        if self.adds:
            return found + inputs
        return found

    def _parts(self):
        parts = (self.widen, self.filter, self.narrow)
        return [part for part in parts if part is not None]
