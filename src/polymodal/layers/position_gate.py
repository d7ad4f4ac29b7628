"""How much a token minds the distance of others, by what it is."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.dense import Dense

__all__ = ["PositionGate"]

_PARTS = 4  # numbers whose sum is one gate


class PositionGate(keras.layers.Layer):
    """Gives each token and head a factor of what attention prefers by distance.

    Args:
        dim: int, width of the tokens; divisible by `num_heads`.
        num_heads: int.

    Call arguments:
        tokens: (batch, time, dim).

    Returns:
        float32 (batch, heads, time, 1).

    Source: Chen et al., "WavLM", 2022, section III-B, gated relative position bias.
    """

    def __init__(self, dim: int, num_heads: int, **kwargs):
        super().__init__(**kwargs)
        self.num_heads, self.size = num_heads, dim // num_heads
        self.gates = Dense(2 * _PARTS, dtype=self.dtype_policy)

    def build(self, tokens_shape):
        self.gates.build((None, None, self.size))
        self.weight = self.add_weight(
            name="weight", shape=(1, self.num_heads, 1, 1), initializer="ones"
        )
        self.built = True

    def call(self, tokens):
        time = ops.shape(tokens)[1]
        heads = ops.reshape(tokens, (-1, time * self.num_heads, self.size))
        sums = ops.reshape(self.gates(heads), (-1, time, self.num_heads, 2, _PARTS))
        gates = ops.sigmoid(ops.cast(ops.sum(sums, axis=-1), "float32"))
        gates = ops.transpose(gates, (0, 2, 1, 3))  # (batch, heads, time, 2)
        reset = gates[..., 1:] * ops.cast(self.weight, "float32") - 1.0
        return gates[..., :1] * reset + 2.0
