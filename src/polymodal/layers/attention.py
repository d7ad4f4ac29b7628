"""Multi-head attention whose masks are explicit and may be empty."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.dense import Dense
from polymodal.layers.positions import rotate

__all__ = ["MultiHeadAttention"]


class MultiHeadAttention(keras.layers.Layer):
    """Lets each token attend to the real tokens of its own or of another sequence.

    Args:
        dim: int, width of the result; divisible by `num_heads`.
        num_heads: int.
        dropout: float, share of the attention weights dropped in training.
        causal: bool, whether a token attends only to itself and earlier ones.
        rotary: bool, whether queries and keys carry rotary positions (self-attention only).
        input_bias: bool, whether queries, keys and values have biases.
        key_bias: bool, whether keys have one too, where queries do.
        output_bias: bool, whether the result has one.

    Call arguments:
        tokens: (batch, time, any dim), where the queries come from.
        mask: bool (batch, time), which of `tokens` are real; or, without `context`, (batch, time,
            time), which of them each may see.
        context: (batch, context time, any dim), where keys and values come from; None for `tokens`.
        context_mask: bool (batch, context time), required with `context`.

    Returns:
        (batch, time, dim); zero for a query without anything to attend to.

    Raises:
        RecipeError: `dim` is not divisible by `num_heads`, or heads of odd size with `rotary`.

    Source: Vaswani et al., "Attention is all you need", 2017, section 3.2. Without biases by
    default: that of the keys has no effect under softmax, and an empty context stays exactly zero.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int = 4,
        dropout: float = 0.0,
        causal: bool = False,
        rotary: bool = False,
        input_bias: bool = False,
        output_bias: bool = False,
        key_bias: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if dim % num_heads:
            raise RecipeError(
                f"MultiHeadAttention needs dim divisible by num_heads. Got dim={dim}, "
                f"num_heads={num_heads}. Pass dim={max(1, dim // num_heads) * num_heads}."
            )
        if rotary and (dim // num_heads) % 2:
            raise RecipeError(
                f"MultiHeadAttention needs heads of even size for rotary positions. Got dim={dim}, "
                f"num_heads={num_heads}. Pass dim={2 * dim} or rotary=False."
            )
        self.dim, self.num_heads, self.rate = dim, num_heads, dropout
        self.causal, self.rotary = causal, rotary
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.query, self.key, self.value = (
            Dense(dim, use_bias=bias, dtype=self.dtype_policy, name=name)
            for name, bias in (
                ("query", input_bias),
                ("key", input_bias and key_bias),
                ("value", input_bias),
            )
        )
        self.output_projection = Dense(
            dim, use_bias=output_bias, dtype=self.dtype_policy, name="output"
        )

    def build(self, tokens_shape, context_shape=None):
        context_shape = context_shape or tokens_shape
        self.query.build(tokens_shape)
        self.key.build(context_shape)
        self.value.build(context_shape)
        self.output_projection.build((*tokens_shape[:-1], self.dim))
        self.built = True

    def call(self, tokens, mask, context=None, context_mask=None, training=None):
        if context is None:
            context, context_mask = tokens, mask
        key, value = self.keys_and_values(context)
        allowed = self._allowed(tokens, context_mask)
        return self.gather(tokens, key, value, allowed, training=training)

    def keys_and_values(self, context, first=0):
        """Returns keys and values.

        Args:
            context: (batch, context time, any dim).
            first: int32, position of its first token, for rotary positions.

        Returns:
            key and value, (batch, heads, context time, size).
        """
        key, value = self._split(self.key(context)), self._split(self.value(context))
        return (rotate(key, first) if self.rotary else key), value

    def gather(self, tokens, key, value, allowed, first=0, preference=None, training=None):
        """Returns (batch, time, dim): attention of tokens over keys and values.

        Args:
            tokens: (batch, time, any dim).
            key, value: (batch, heads, context time, size), as `keys_and_values` gives them.
            allowed: bool, broadcasts to (batch, 1, time, context time).
            first: int32, position of the first of `tokens`, for rotary positions.
            preference: float32 (batch, heads, time, context time), added to the scores; None for
                nothing.
        """
        weights = self._weights(self._queries(tokens, first), key, allowed, preference)
        weights = self.drop(weights, training=training)
        # Nothing to attend to: the weights are then uniform, and the result has to be zero.
        some = ops.cast(ops.any(allowed, axis=-1, keepdims=True), value.dtype)
        gathered = ops.transpose(ops.matmul(weights, value) * some, (0, 2, 1, 3))
        time = ops.shape(tokens)[1]
        return self.output_projection(ops.reshape(gathered, (-1, time, self.dim)))

    def attention_weights(self, tokens, context, context_mask):
        """Returns the attention weights of each token over the positions of another sequence.

        Args:
            tokens, context, context_mask: as for `call`.

        Returns:
            float32 (batch, time, context time), the mean over heads. Rows sum to 1, or to 0 where
            nothing is real; positions that are not real get 0.
        """
        key, _ = self.keys_and_values(context)
        return ops.mean(self.head_weights(tokens, key, self._allowed(tokens, context_mask)), axis=1)

    def head_weights(self, tokens, key, allowed):
        """Returns float32 (batch, heads, time, context time): the attention weights of each head.

        Args:
            tokens, key, allowed: as for `gather`.
        """
        weights = ops.cast(self._weights(self._queries(tokens), key, allowed), "float32")
        return weights * ops.cast(allowed, "float32")

    def _queries(self, tokens, first=0):
        """Returns queries (batch, heads, time, size), scaled for the product with keys."""
        query, scale = self._split(self.query(tokens)), (self.dim // self.num_heads) ** -0.5
        if self.rotary:
            return rotate(query, first, scale=scale)
        return query * scale

    def _allowed(self, tokens, mask):
        """Returns bool (batch, 1, time or 1, context time)."""
        allowed = ops.expand_dims(ops.expand_dims(mask, 1) if len(mask.shape) == 2 else mask, 1)
        if not self.causal:
            return allowed
        steps, context_steps = ops.arange(ops.shape(tokens)[1]), ops.arange(ops.shape(mask)[-1])
        return ops.logical_and(allowed, ops.expand_dims(steps, 1) >= context_steps)

    def _weights(self, query, key, allowed, preference=None):
        """Returns weights (batch, heads, time, context time) from a softmax in float32."""
        turned = lambda tensor: ops.transpose(tensor, (0, 1, 3, 2))
        if key.shape[2] == 1 and query.shape[2] == 1:  # all of it, as a softmax of one score is
            return ops.ones_like(ops.matmul(query, turned(key)))
        if query.shape[2] == 1:  # keys are read in the order they lie in: a third of the time
            scores = turned(ops.matmul(key, turned(query)))
        else:
            scores = ops.matmul(query, turned(key))
        scores = ops.cast(scores, "float32")
        if preference is not None:
            scores = scores + preference
        # Added to scores of ordinary size, -1e9 gives weights of exactly 0, and stays finite.
        scores = scores + ops.where(allowed, 0.0, -1e9)
        return ops.cast(ops.softmax(scores, axis=-1), query.dtype)

    def _split(self, tensor):
        time, size = ops.shape(tensor)[1], self.dim // self.num_heads
        tensor = ops.reshape(tensor, (-1, time, self.num_heads, size))
        return ops.transpose(tensor, (0, 2, 1, 3))
