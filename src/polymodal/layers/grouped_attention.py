"""Causal attention whose queries share keys and values in groups, with rotary positions."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.dense import Dense
from polymodal.layers.rms_norm import RMSNorm

__all__ = ["GroupedAttention"]


class GroupedAttention(keras.layers.Layer):
    """Lets tokens attend to keys and values that several query heads share.

    Args:
        dim: int, width of the result.
        num_heads: int, of queries; a multiple of `num_key_heads`.
        num_key_heads: int, of keys and values.
        head_dim: int, size of a head; even.
        rates: list of `head_dim / 2` floats, the angle in radians that each pair of features turns
            per position.
        rotary_scale: float, what turned queries and keys are multiplied by.
        input_bias: bool, whether queries, keys and values have biases.
        output_bias: bool, whether the result has one.
        head_norms: bool, whether queries and keys are normalised, head by head.
        epsilon: float, of that normalisation.
        query_scale: float, what scores are multiplied by; None for 1 / sqrt(head_dim).

    Raises:
        RecipeError: heads that do not fit together.

    Source: Ainslie et al., "GQA", 2023; positions: Su et al., "RoFormer", 2021, equation 34, with
    halves instead of neighbouring pairs.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        num_key_heads: int,
        head_dim: int,
        rates: list[float],
        rotary_scale: float = 1.0,
        input_bias: bool = False,
        output_bias: bool = False,
        head_norms: bool = False,
        epsilon: float = 1e-6,
        query_scale: float | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check(num_heads, num_key_heads, head_dim, rates)
        self.dim, self.num_heads, self.num_key_heads = dim, num_heads, num_key_heads
        self.head_dim, self.rates, self.rotary_scale = head_dim, rates, rotary_scale
        self.query_scale = head_dim**-0.5 if query_scale is None else query_scale
        policy = self.dtype_policy
        self.query = Dense(num_heads * head_dim, use_bias=input_bias, dtype=policy)
        self.key = Dense(num_key_heads * head_dim, use_bias=input_bias, dtype=policy)
        self.value = Dense(num_key_heads * head_dim, use_bias=input_bias, dtype=policy)
        self.output_projection = Dense(dim, use_bias=output_bias, dtype=policy)
        self.query_norm = self.key_norm = None
        if head_norms:
            self.query_norm = RMSNorm(epsilon, dtype=policy)
            self.key_norm = RMSNorm(epsilon, dtype=policy)

    def build(self, tokens_shape):
        for layer in (self.query, self.key, self.value):
            layer.build(tokens_shape)
        self.output_projection.build((None, None, self.num_heads * self.head_dim))
        if self.query_norm is not None:
            self.query_norm.build((None, None, None, self.head_dim))
            self.key_norm.build((None, None, None, self.head_dim))
        self.built = True

    def keys_and_values(self, tokens, positions):
        """Returns keys and values (batch, key heads, time, head_dim).

        Args:
            tokens: (batch, time, dim).
            positions: int32 (batch, time).
        """
        key = self._split(self.key(tokens), self.num_key_heads)
        if self.key_norm is not None:
            key = self.key_norm(key)
        return self._turned(key, positions), self._split(self.value(tokens), self.num_key_heads)

    def gather(self, tokens, positions, parts, allowed):
        """Returns (batch, time, dim): attention of tokens over keys and values.

        Args:
            tokens: (batch, time, dim).
            positions: int32 (batch, time).
            parts: list of keys and values (batch, key heads, part's time, head_dim), as
                `keys_and_values` gives them; one behind the other they are the context.
            allowed: bool (batch, time, context time).
        """
        query = self._split(self.query(tokens), self.num_heads)
        if self.query_norm is not None:
            query = self.query_norm(query)
        query = self._turned(query, positions) * self.query_scale
        time, size = ops.shape(tokens)[1], self.head_dim
        groups, context = self.num_heads // self.num_key_heads, ops.shape(allowed)[2]
        query = ops.reshape(query, (-1, self.num_key_heads, groups * time, size))
        scores = _joined([ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) for key, _ in parts])
        scores = ops.reshape(
            ops.cast(scores, "float32"), (-1, self.num_key_heads, groups, time, context)
        )
        scores = scores + ops.where(allowed, 0.0, -1e9)[:, None, None]
        weights = ops.cast(ops.softmax(scores, axis=-1), parts[0][1].dtype)
        weights = ops.reshape(weights, (-1, self.num_key_heads, groups * time, context))
        found = _weighted(weights, [value for _, value in parts])
        found = ops.reshape(found, (-1, self.num_heads, time, size))
        found = ops.transpose(found, (0, 2, 1, 3))
        return self.output_projection(ops.reshape(found, (-1, time, self.num_heads * size)))

    def _split(self, tensor, num_heads):
        tensor = ops.reshape(tensor, (-1, ops.shape(tensor)[1], num_heads, self.head_dim))
        return ops.transpose(tensor, (0, 2, 1, 3))

    def _turned(self, tensor, positions):
        """Returns (batch, heads, time, head_dim) with each pair of features turned."""
        rates = ops.convert_to_tensor(self.rates, "float32")
        angles = ops.cast(positions, "float32")[:, None, :, None] * rates
        cosine, sine = ops.cos(angles) * self.rotary_scale, ops.sin(angles) * self.rotary_scale
        whole = lambda *halves: ops.cast(ops.concatenate(halves, axis=-1), tensor.dtype)
        other = ops.roll(tensor, self.head_dim // 2, axis=-1)
        return tensor * whole(cosine, cosine) + other * whole(-sine, sine)


def _joined(scores):
    if len(scores) == 1:
        return scores[0]
    return ops.concatenate(scores, axis=-1)


def _weighted(weights, values):
    """Returns the sum of all values, each times its weight."""
    if len(values) == 1:
        return ops.matmul(weights, values[0])
    found, first = [], 0
    for value in values:
        last = first + ops.shape(value)[2]
        found.append(ops.matmul(weights[..., first:last], value))
        first = last
    return sum(found[1:], found[0])


def _check(num_heads, num_key_heads, head_dim, rates):
    if num_key_heads < 1 or num_heads % num_key_heads:
        raise RecipeError(
            "GroupedAttention needs num_heads divisible by num_key_heads. Got "
            f"num_heads={num_heads}, num_key_heads={num_key_heads}. "
            f"Pass num_key_heads={num_heads}."
        )
    if head_dim % 2 or len(rates) != head_dim // 2:
        raise RecipeError(
            "GroupedAttention needs an even head_dim and a rate for each pair of "
            f"features. Got head_dim={head_dim} and {len(rates)} rates. "
            "Pass head_dim=2 * len(rates)."
        )
