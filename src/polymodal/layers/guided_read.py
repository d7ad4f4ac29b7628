"""Pooling one modality's tokens with a query from the other modalities."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.masks import hide

__all__ = ["GuidedRead"]


class GuidedRead(keras.layers.Layer):
    """Attends to tokens with a query made from a vector: "the red one" finds its image position.

    One query for each head, so its cost grows with the number of tokens and not with its square.

    Args:
        dim: int, width of tokens, vector and result; divisible by `num_heads`.
        num_heads: int, queries.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).
        query: (batch, dim), source of the queries; zeros for none.

    Returns:
        (batch, dim), zeros in rows without a real token.

    Raises:
        RecipeError: the heads do not divide `dim`.

    Source: Yang et al. 2016, "Stacked attention networks", https://arxiv.org/abs/1511.02274,
    equations 15 to 17, with dot products and several heads instead of their added layer.
    """

    def __init__(self, dim: int, num_heads: int = 4, **kwargs):
        super().__init__(**kwargs)
        if dim % num_heads:
            raise RecipeError(
                f"GuidedRead needs a dim that {num_heads} heads divide. Got {dim}. "
                "Choose a multiple of it."
            )
        self.dim, self.num_heads = dim, num_heads
        make = lambda name: keras.layers.Dense(
            dim, use_bias=False, dtype=self.dtype_policy, name=name
        )
        self.ask, self.key, self.value = make("ask"), make("key"), make("value")

    def build(self, tokens_shape, mask_shape=None, query_shape=None):
        for layer in (self.ask, self.key, self.value):
            layer.build((None, self.dim))
        self.built = True

    def call(self, tokens, mask, query):
        steps, width = ops.shape(tokens)[1], self.dim // self.num_heads
        heads = lambda x, time: ops.reshape(x, (-1, time, self.num_heads, width))
        asked = heads(self.ask(query), 1)
        scores = ops.sum(heads(self.key(tokens), steps) * asked, axis=-1)  # (batch, time, heads)
        real = ops.cast(mask, "float32")[:, :, None]
        scores = ops.cast(scores, "float32") / width**0.5
        weights = ops.softmax(ops.where(mask[:, :, None], scores, -1e9), axis=1) * real
        values = heads(self.value(hide(tokens, mask)), steps)
        read = ops.sum(ops.cast(weights, values.dtype)[..., None] * values, axis=1)
        return ops.reshape(read, (-1, self.dim))

    def compute_output_shape(self, tokens_shape, mask_shape=None, query_shape=None):
        return (tokens_shape[0], self.dim)
