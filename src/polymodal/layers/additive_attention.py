"""Additive attention: a small network scores queries and keys."""

from __future__ import annotations

import keras
from keras import ops

__all__ = ["AdditiveAttention"]


class AdditiveAttention(keras.layers.Layer):
    """Lets each token attend to the real tokens of another sequence: v tanh(W q + U k).

    It takes memory for (batch, time, context time, dim), where dot products need none for `dim`.

    Args:
        dim: int, width of the comparison and of the result.
        dropout: float, share of the attention weights dropped in training.

    Call arguments:
        tokens: (batch, time, any dim), where the queries come from.
        mask: bool (batch, time), which of `tokens` are real; not needed, as in any attention.
        context: (batch, context time, any dim), what is gathered.
        context_mask: bool (batch, context time).

    Returns:
        (batch, time, dim); zero for rows whose context is empty.

    Source: Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473, section 3.1 and appendix A.1.2;
    what is gathered goes through a projection, so that the context may have any width.

    Example:

    >>> from keras import ops
    >>> tokens, context = ops.ones((2, 3, 4)), ops.ones((2, 5, 6))
    >>> real = lambda x: ops.ones(x.shape[:2], "bool")
    >>> tuple(AdditiveAttention(8)(tokens, real(tokens), context, real(context)).shape)
    (2, 3, 8)
    """

    def __init__(self, dim: int, dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.dim, policy = dim, self.dtype_policy
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.query = keras.layers.Dense(dim, dtype=policy, name="query")
        self.key, self.value = (
            keras.layers.Dense(dim, use_bias=False, dtype=policy, name=name)
            for name in ("key", "value")
        )
        self.compare = keras.layers.Dense(1, use_bias=False, dtype=policy, name="compare")

    def build(self, tokens_shape, context_shape):
        self.query.build(tokens_shape)
        self.key.build(context_shape)
        self.value.build(context_shape)
        self.compare.build((None, None, None, self.dim))
        self.built = True

    def call(self, tokens, mask, context, context_mask, training=None):
        value = self.value(context)
        weights = self.attention_weights(tokens, context, context_mask)
        weights = self.drop(ops.cast(weights, value.dtype), training=training)
        return ops.matmul(weights, value)

    def attention_weights(self, tokens, context, context_mask):
        """Returns the attention weights of each token over the positions of the context.

        Args:
            tokens, context, context_mask: as for `call`.

        Returns:
            float32 (batch, time, context time). Rows sum to 1, or to 0 where nothing is real.
        """
        query, key = self.query(tokens)[:, :, None], self.key(context)[:, None]
        scores = self.compare(ops.tanh(query + key))[..., 0]  # (batch, time, context time)
        allowed = context_mask[:, None]  # (batch, 1, context time)
        scores = ops.where(allowed, ops.cast(scores, "float32"), -1e9)
        # Nothing to attend to: the weights are then uniform, and the result has to be zero.
        return ops.softmax(scores, axis=-1) * ops.cast(allowed, "float32")
