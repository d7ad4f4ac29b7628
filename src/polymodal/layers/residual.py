"""Residual convolution blocks for pictures and for spectrograms."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.masked_batch_norm import MaskedBatchNorm
from polymodal.layers.masks import every, silence
from polymodal.layers.stochastic_depth import StochasticDepth

__all__ = ["PaddedConv", "ResidualBlock", "normed"]


def normed(conv, norm, tensor, mask, training):
    """Returns `norm(conv(tensor))`; outside of training in one pass, the kernel scaled beforehand.

    Args:
        conv: PaddedConv without a bias.
        norm: MaskedBatchNorm over its channels.
        tensor: (batch, height, width, channels).
        mask: bool with leading axes of the result.
        training: bool or None.
    """
    if training and norm.trainable:
        return norm(conv(tensor), mask, training=True)
    return conv(tensor, *norm.in_use())


class PaddedConv(keras.layers.Layer):
    """A 2-D convolution whose step `i` always starts at `i * stride`, whatever the length.

    "same" padding shifts by one with the parity of the length, so that padding a sequence would
    change its features. This one pads `size // 2` on both sides. With strides a kernel of one place
    sees, in each channel, the largest value of the places that become one.

    Args:
        filters: int.
        size: int, odd, side of the kernel.
        strides: two ints, along height (or time) and width (or frequency).
        use_bias: bool.

    Call arguments:
        tensor: (batch, height, width, channels).
        scale, shift: (filters,), what each channel of the result is multiplied by and what is
            added to it; without a bias only.

    Returns:
        (batch, ceil(height / strides[0]), ceil(width / strides[1]), filters).
    """

    def __init__(
        self,
        filters: int,
        size: int = 3,
        strides: tuple[int, int] = (1, 1),
        use_bias: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.strides, self.strided, self.margin = tuple(strides), max(strides) > 1, size // 2
        # A kernel of one place sees the largest of the places that become one. Of every stride-th
        # alone most of a small thing's outline would be lost, and oneDNN in TensorFlow 2.21 writes
        # outside its memory in the gradient of a strided kernel with fewer than 16 channels.
        self.pools = self.strided and size == 1
        self.conv = keras.layers.Conv2D(
            filters,
            size,
            strides=1 if self.pools else self.strides,
            use_bias=use_bias,
            padding="valid" if self.strided else "same",
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name="conv",
        )

    def build(self, tensor_shape):
        more = 0
        if self.strided:
            more = 2 * self.margin
        batch, height, width, channels = tensor_shape
        self.conv.build((batch, height and height + more, width and width + more, channels))
        self.built = True

    def call(self, tensor, scale=None, shift=None):
        if self.pools:
            tensor = ops.max_pool(
                self._filled(tensor), self.strides, strides=self.strides, padding="valid"
            )
        elif self.strided:
            sides = (self.margin, self.margin)
            tensor = ops.pad(tensor, ((0, 0), sides, sides, (0, 0)))
        if scale is None:
            return self.conv(tensor)
        kernel = ops.cast(self.conv.kernel * scale, tensor.dtype)
        result = ops.conv(tensor, kernel, self.conv.strides, self.conv.padding)
        return result + ops.cast(shift, tensor.dtype)

    def _filled(self, tensor):
        """Returns the tensor with zeros behind sides that the strides may not divide: what a masked
        step holds, so that padding a sequence changes nothing."""
        sides = [
            (0, 0 if side is not None and side % stride == 0 else stride - 1)
            for side, stride in zip(tensor.shape[1:3], self.strides, strict=True)
        ]
        if not any(more for _, more in sides):
            return tensor
        return ops.pad(tensor, ((0, 0), *sides, (0, 0)))


class ResidualBlock(keras.layers.Layer):
    """Two convolutions, normalised over what is real, added to what came in.

    Args:
        filters: int, channels of the result.
        strides: two ints, along height (or time) and width (or frequency).
        over_time: bool, whether the first spatial axis is time, masked step by step. Masked steps
            are zeroed before each further convolution, so padding never leaks, and at the end.
        stochastic_depth: float, share of the rows that skip both convolutions in training.

    Call arguments:
        tensor: (batch, height, width, channels). With `over_time`, masked steps must be zero, as
            another block leaves them.
        mask: bool (batch,), or (batch, height) with `over_time`.

    Returns:
        (tensor (batch, height / stride, width / stride, filters), mask of it).

    Source: He et al., "Deep residual learning for image recognition", 2016, figure 2.
    """

    def __init__(
        self,
        filters: int,
        strides: tuple[int, int] = (1, 1),
        over_time: bool = False,
        stochastic_depth: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.strides, self.over_time = filters, tuple(strides), over_time
        policy = self.dtype_policy
        norm = lambda name: MaskedBatchNorm(dtype=policy, name=name)
        self.first = PaddedConv(filters, 3, strides, dtype=policy, name="first")
        self.first_norm = norm("first_norm")
        self.second = PaddedConv(filters, 3, dtype=policy, name="second")
        self.second_norm = norm("second_norm")
        self.skip = PaddedConv(filters, 1, strides, dtype=policy, name="skip")
        self.skip_norm = norm("skip_norm")
        self.depth = StochasticDepth(stochastic_depth, dtype=policy, name="depth")

    def build(self, tensor_shape):
        middle = (*tensor_shape[:-1], self.filters)
        self.first.build(tensor_shape)
        self.second.build(middle)
        self.first_norm.build(middle)
        self.second_norm.build(middle)
        self.same = max(self.strides) == 1 and tensor_shape[-1] == self.filters
        if self.same:
            self.skip = self.skip_norm = None
        else:
            self.skip.build(tensor_shape)
            self.skip_norm.build(middle)
        self.built = True

    def call(self, tensor, mask, training=None):
        if self.over_time:
            mask = every(mask, self.strides[0])
        if self.over_time:
            shown = lambda part: silence(part, mask)
        else:
            shown = lambda part: part
        part = lambda conv, norm, given: normed(conv, norm, given, mask, training)
        changed = shown(ops.relu(part(self.first, self.first_norm, tensor)))
        changed = part(self.second, self.second_norm, changed)
        changed = self.depth(changed, training=training)
        if self.same:
            kept = tensor
        else:
            kept = part(self.skip, self.skip_norm, tensor)
        return shown(ops.relu(changed + kept)), mask
