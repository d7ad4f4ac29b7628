"""A convolution-augmented transformer for sound."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.attention import MultiHeadAttention
from polymodal.layers.dense import Dense
from polymodal.layers.feedforward import FeedForward
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masked_batch_norm import MaskedBatchNorm
from polymodal.layers.masks import every, hide
from polymodal.layers.parts import Encoder
from polymodal.layers.residual import PaddedConv

__all__ = ["Conformer"]


class Conformer(Encoder):
    """Attention and convolution over the frames of a sound: the speech recogniser's encoder.

    Args:
        dim: int, width of the tokens.
        num_layers: int, conformer blocks.
        num_heads: int.
        kernel_size: int, odd, of the depthwise convolution, in tokens.
        width: int, channels of the two convolutions that make one token of four frames.
        dropout: float.

    Call arguments:
        inputs: (batch, frames, mels).
        mask: bool (batch, frames).

    Returns:
        (tokens (batch, ceil(frames / 4), dim), mask of them).

    Raises:
        RecipeError: an even `kernel_size`.

    Source: Gulati et al., "Conformer", 2020, with rotary positions instead of relative ones.
    """

    time_stride = 4  # frames that make one token

    def __init__(
        self,
        dim: int = 128,
        num_layers: int = 4,
        num_heads: int = 4,
        kernel_size: int = 15,
        width: int = 32,
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if kernel_size % 2 == 0:
            raise RecipeError(
                f"Conformer needs an odd kernel_size. Got {kernel_size}. Pass {kernel_size + 1}."
            )
        self.dim, self.width, policy = dim, width, self.dtype_policy
        self.first = PaddedConv(width, 3, (2, 2), use_bias=True, dtype=policy, name="first")
        self.second = PaddedConv(width, 3, (2, 2), use_bias=True, dtype=policy, name="second")
        self.project = Dense(dim, dtype=policy, name="project")
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.blocks = [
            _Block(dim, num_heads, kernel_size, dropout, dtype=policy, name=f"block_{i}")
            for i in range(num_layers)
        ]

    def build(self, inputs_shape):
        mels = inputs_shape[2]
        self.first.build((None, None, mels, 1))
        self.second.build((None, None, -(-mels // 2), self.width))
        self.num_features = -(-mels // 4) * self.width
        self.project.build((None, None, self.num_features))
        for block in self.blocks:
            block.build((None, None, self.dim))
        self.built = True

    def call(self, inputs, mask, training=None):
        tensor = ops.relu(self.first(ops.expand_dims(hide(inputs, mask), -1)))
        mask = every(mask, 2)
        tensor = ops.relu(self.second(hide(tensor, mask)))
        mask = every(mask, 2)
        steps = ops.shape(tensor)[1]
        tokens = self.project(ops.reshape(tensor, (-1, steps, self.num_features)))
        tokens = self.drop(tokens, training=training)
        for block in self.blocks:
            tokens = block(tokens, mask, training=training)
        return hide(tokens, mask), mask


class _Block(keras.layers.Layer):
    """Half a feed-forward part, attention, convolution, the other half, and a norm."""

    def __init__(self, dim, num_heads, kernel_size, dropout, **kwargs):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        norm = lambda name: LayerNorm(dtype=policy, name=name)
        half = lambda name: FeedForward(dim, 4, dropout, "silu", dtype=policy, name=name)
        self.before_norm, self.before = norm("before_norm"), half("before")
        self.attention_norm = norm("attention_norm")
        self.attention = MultiHeadAttention(dim, num_heads, dropout, rotary=True, dtype=policy)
        self.convolve = _Convolution(dim, kernel_size, dtype=policy, name="convolve")
        self.after_norm, self.after = norm("after_norm"), half("after")
        self.final_norm = norm("final_norm")
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, tokens_shape):
        for layer in (
            self.before_norm,
            self.before,
            self.attention_norm,
            self.attention,
            self.convolve,
            self.after_norm,
            self.after,
            self.final_norm,
        ):
            layer.build(tokens_shape)
        self.built = True

    def call(self, tokens, mask, training=None):
        drop = lambda part: self.drop(part, training=training)
        tokens = tokens + 0.5 * drop(self.before(self.before_norm(tokens), training=training))
        gathered = self.attention(self.attention_norm(tokens), mask, training=training)
        tokens = tokens + drop(gathered)
        tokens = tokens + drop(self.convolve(tokens, mask, training=training))
        tokens = tokens + 0.5 * drop(self.after(self.after_norm(tokens), training=training))
        return self.final_norm(tokens)


class _Convolution(keras.layers.Layer):
    """Gate, convolve each channel over time, normalise over what is real, mix the channels."""

    def __init__(self, dim, kernel_size, **kwargs):
        super().__init__(**kwargs)
        self.dim, policy = dim, self.dtype_policy
        self.norm = LayerNorm(dtype=policy)
        self.widen = Dense(2 * dim, dtype=policy, name="widen")
        self.depthwise = keras.layers.DepthwiseConv1D(
            kernel_size, padding="same", use_bias=False, dtype=policy, name="depthwise"
        )
        self.batch_norm = MaskedBatchNorm(dtype=policy)
        self.mix = Dense(dim, dtype=policy, name="mix")

    def build(self, tokens_shape):
        for layer in (self.norm, self.widen, self.depthwise, self.batch_norm, self.mix):
            layer.build(tokens_shape)
        self.built = True

    def call(self, tokens, mask, training=None):
        value, gate = ops.split(self.widen(self.norm(tokens)), 2, axis=-1)
        tokens = self.depthwise(hide(value * ops.sigmoid(gate), mask))
        return self.mix(ops.silu(self.batch_norm(tokens, mask, training=training)))
