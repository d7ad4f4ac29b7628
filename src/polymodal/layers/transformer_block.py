"""One block of a transformer."""

from __future__ import annotations

import keras

from polymodal.layers.attention import MultiHeadAttention
from polymodal.layers.feedforward import FeedForward
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.stochastic_depth import StochasticDepth

__all__ = ["TransformerBlock"]


class TransformerBlock(keras.layers.Layer):
    """Attention and a feed-forward part, each normalised before and added after.

    Args:
        dim: int, width of the tokens.
        num_heads: int.
        expansion: int, how many times wider the feed-forward part is.
        dropout: float, rate on the results of both parts, where all steps of a sequence lose the
            same features. Not inside the parts, nor step by step: random numbers took a sixth of a
            training step, and then 3 % of it.
        causal: bool, whether a token attends only to itself and earlier ones.
        rotary: bool, whether attention carries rotary positions.
        cross: bool, whether the block reads another sequence, its `context`, instead of its own.
        stochastic_depth: float, share of the rows that skip each part in training.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).
        context, context_mask: (batch, context time, any dim) and its mask, with `cross` only.

    Returns:
        (batch, time, dim).

    Source: Xiong et al., "On layer normalization in the transformer architecture", 2020, figure 1
    (b). With `cross`, Tsai et al., "Multimodal transformer", 2019, equation 4. Dropout as in Gal
    and Ghahramani, "A theoretically grounded application of dropout in recurrent networks", 2016.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int = 4,
        expansion: int = 4,
        dropout: float = 0.1,
        causal: bool = False,
        rotary: bool = False,
        cross: bool = False,
        stochastic_depth: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim, self.cross = dim, cross
        policy = self.dtype_policy
        self.attention_norm = LayerNorm(dtype=policy)
        self.context_norm = LayerNorm(dtype=policy) if cross else None
        self.attention = MultiHeadAttention(
            dim, num_heads, causal=causal, rotary=rotary, dtype=policy
        )
        self.feedforward_norm = LayerNorm(dtype=policy)
        self.feedforward = FeedForward(dim, expansion, dtype=policy)
        self.drop = keras.layers.SpatialDropout1D(dropout, dtype=policy)
        self.skip = StochasticDepth(stochastic_depth, dtype=policy)

    def build(self, tokens_shape, context_shape=None):
        self.attention_norm.build(tokens_shape)
        self.attention.build(tokens_shape, context_shape)
        if self.cross:
            self.context_norm.build(context_shape)
        self.feedforward_norm.build(tokens_shape)
        self.feedforward.build(tokens_shape)
        self.built = True

    def call(self, tokens, mask, context=None, context_mask=None, training=None):
        if self.cross:
            context = self.context_norm(context)
        gathered = self.attention(
            self.attention_norm(tokens), mask, context, context_mask, training=training
        )
        gathered = self.skip(self.drop(gathered, training=training), training=training)
        tokens = tokens + gathered
        changed = self.feedforward(self.feedforward_norm(tokens), training=training)
        changed = self.skip(self.drop(changed, training=training), training=training)
        return tokens + changed
