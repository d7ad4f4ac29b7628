"""Pooling of tokens to one vector, without padding and absent inputs."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.masks import hide

__all__ = ["Pool", "pool_max", "pool_mean"]

KINDS = ("mean", "max", "attention")


def pool_mean(tokens, mask):
    """Returns the mean of the real tokens, (batch, dim); zeros where there is none."""
    total = ops.sum(ops.cast(hide(tokens, mask), "float32"), axis=1)
    count = ops.sum(ops.cast(mask, "float32"), axis=1, keepdims=True)
    return ops.cast(total / ops.maximum(count, 1.0), tokens.dtype)


def pool_max(tokens, mask):
    """Returns the largest real value of each feature, (batch, dim); zeros where there is none."""
    lowest = ops.full_like(tokens, -1e30)
    largest = ops.max(ops.where(ops.expand_dims(mask, -1), tokens, lowest), axis=1)
    return hide(largest, ops.any(mask, axis=1))


class Pool(keras.layers.Layer):
    """Reduces tokens (batch, time, dim) to one vector (batch, dim), ignoring what is masked.

    Args:
        dim: int, size of the vector.
        kind: "mean", "max" or "attention". Mean and max keep the width of the tokens when it is
            `dim` already and project it otherwise.
        num_queries: int, learned queries of attention pooling. Each gives a weighted mean, and
            their concatenation is projected to `dim`.

    Call arguments:
        tokens: (batch, time, any dim).
        mask: bool (batch, time).

    Returns:
        (batch, dim), exactly zero in rows without a real token.

    Raises:
        RecipeError: an unknown kind, or less than one query.

    Source: Lin et al., "A structured self-attentive sentence embedding", 2017, equation 6,
    without its penalty and hidden layer.
    """

    def __init__(self, dim: int, kind: str = "attention", num_queries: int = 4, **kwargs):
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise RecipeError(
                f'Pool needs kind {", ".join(KINDS)}. Got "{kind}". Use one of these.'
            )
        if num_queries < 1:
            raise RecipeError(
                f"Pool needs at least 1 query. Got num_queries={num_queries}. Pass 4, for example."
            )
        self.dim, self.kind, self.num_queries = dim, kind, num_queries

    def build(self, tokens_shape):
        width = tokens_shape[-1]
        self.score = self.project = None
        if self.kind == "attention":
            self.score = keras.layers.Dense(
                self.num_queries, use_bias=False, dtype=self.dtype_policy, name="score"
            )
            self.score.build(tokens_shape)
            width *= self.num_queries
        if self.kind == "attention" or width != self.dim:
            # Without a bias, so that nothing present stays exactly nothing.
            self.project = keras.layers.Dense(
                self.dim, use_bias=False, dtype=self.dtype_policy, name="project"
            )
            self.project.build((None, width))
        self.built = True

    def call(self, tokens, mask):
        if self.kind == "attention":
            vector = self._attend(tokens, mask)
        else:
            if self.kind == "mean":
                vector = pool_mean(tokens, mask)
            else:
                vector = pool_max(tokens, mask)
        if self.project is None:
            return vector
        return self.project(vector)

    def _attend(self, tokens, mask):
        mask = ops.expand_dims(mask, -1)
        scores = ops.cast(self.score(tokens), "float32")  # (batch, time, queries)
        weights = ops.softmax(ops.where(mask, scores, -1e9), axis=1) * ops.cast(mask, "float32")
        weights = ops.cast(ops.transpose(weights, (0, 2, 1)), tokens.dtype)
        vectors = ops.matmul(weights, hide(tokens, ops.squeeze(mask, -1)))
        return ops.reshape(vectors, (-1, self.num_queries * tokens.shape[-1]))
