"""Learned filters over a waveform."""

from __future__ import annotations

import math

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers import activations
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.time_norm import TimeNorm

__all__ = ["WaveFilters"]

NORMS = ("group", "layer")
_EPSILON = 1e-5


class WaveFilters(keras.layers.Layer):
    """Convolutions that make a frame of each few hundred samples.

    Sample `i * stride` is the first that frame `i` sees. A frame is real where all samples that it
    sees are; a sound that is shorter than the first frame has that one.

    Args:
        filters: list of [channels, kernel, stride], one for each convolution.
        norm: str, group (each channel of the first convolution over the time of a recording) or
            layer (the channels of each frame, behind each convolution).
        use_bias: bool, of the convolutions.
        activation: str, a name of `layers.activations`.

    Call arguments:
        inputs: (batch, samples, 1).
        mask: bool (batch, samples).

    Returns:
        (frames (batch, ceil(samples / stride), channels), mask of them).

    Raises:
        RecipeError: an unknown norm, or filters of another form.

    Source: Baevski et al., "wav2vec 2.0", 2020, section 2.
    """

    def __init__(
        self,
        filters: list,
        norm: str = "group",
        use_bias: bool = False,
        activation: str = "gelu",
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check(filters, norm)
        policy = self.dtype_policy
        self.filters = [tuple(one) for one in filters]
        self.stride = math.prod(stride for _, _, stride in filters)
        self.reach = 1  # samples that a frame sees
        for _, kernel, stride in reversed(self.filters):
            self.reach = (self.reach - 1) * stride + kernel
        self.activation = activations.activation(activation)
        self.convolutions = [
            keras.layers.Conv1D(channels, kernel, strides=stride, use_bias=use_bias, dtype=policy)
            for channels, kernel, stride in self.filters
        ]
        if norm == "group":
            self.norms = [TimeNorm(_EPSILON, dtype=policy)]
        else:
            self.norms = [LayerNorm(_EPSILON, dtype=policy) for _ in filters]

    def build(self, inputs_shape):
        before = inputs_shape[-1]
        for place, (channels, *_) in enumerate(self.filters):
            self.convolutions[place].build((None, None, before))
            if place < len(self.norms):
                self.norms[place].build((None, None, channels))
            before = channels
        self.built = True

    def call(self, inputs, mask):
        behind = self.reach - 1  # so that the last samples have a frame too
        some = ops.any(mask, axis=1, keepdims=True)
        frames = ops.pad(hide(inputs, mask), ((0, 0), (0, behind), (0, 0)))
        real = ops.pad(ops.cast(mask, "float32")[..., None], ((0, 0), (0, behind), (0, 0)))
        for place, convolution in enumerate(self.convolutions):
            frames = convolution(frames)
            real = self._narrowed(real, place)
            if place < len(self.norms):
                norm = self.norms[place]
                given = (_with_first(real, some),) if isinstance(norm, TimeNorm) else ()
                frames = norm(frames, *given)
            frames = self.activation(frames)
        return frames, _with_first(real, some)

    def _narrowed(self, real, place):
        """Returns which frames of a convolution see real ones alone, 1.0 or 0.0."""
        _, kernel, stride = self.filters[place]
        # A pool, whose length is the very expression that the convolution's is.
        return -ops.max_pool(-real, kernel, strides=stride, padding="valid")


def _with_first(real, some):
    """Returns the mask of frames, (batch, time): of a sound too short for one, the first."""
    is_first = ops.arange(ops.shape(real)[1], dtype="int32") == 0
    return ops.logical_or(real[..., 0] > 0.5, ops.logical_and(is_first, some))


def _check(filters, norm):
    if norm not in NORMS:
        raise RecipeError(
            f'WaveFilters needs norm {" or ".join(NORMS)}. Got "{norm}". Use one of these.'
        )
    fine = filters and all(
        isinstance(one, list | tuple)
        and len(one) == 3
        and all(type(number) is int and 0 < number <= 65_536 for number in one)
        for one in filters
    )
    if not fine:
        raise RecipeError(
            "WaveFilters needs filters as a list of [channels, kernel, stride], "
            f"whole numbers from 1. Got {filters}. Leave them out for those of "
            "wav2vec 2.0."
        )
