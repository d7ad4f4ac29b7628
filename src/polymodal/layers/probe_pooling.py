"""Pooling by a learned query, as SigLIP makes one vector of an image."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers import activations
from polymodal.layers.attention import MultiHeadAttention
from polymodal.layers.dense import Dense
from polymodal.layers.layer_norm import LayerNorm

__all__ = ["ProbePooling"]


class ProbePooling(keras.layers.Layer):
    """A learned query (the probe) attends to all tokens; a feed-forward part follows.

    Args:
        dim: int, width of the tokens and of the vector.
        num_heads: int.
        hidden: int, width of the feed-forward part.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.

    Call arguments:
        tokens: (batch, time, dim), all of them real.

    Returns:
        (batch, 1, dim).

    Source: Zhai et al., "Scaling vision transformers", 2022, section 3.4; Lee et al., "Set
    transformer", 2019, equation 11.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        hidden: int,
        activation: str = "gelu",
        epsilon: float = 1e-6,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim, self.hidden = dim, hidden
        policy = self.dtype_policy
        self.attention = MultiHeadAttention(
            dim, num_heads, input_bias=True, output_bias=True, dtype=policy
        )
        self.norm = LayerNorm(epsilon, dtype=policy)
        self.widen = Dense(hidden, dtype=policy)
        self.narrow = Dense(dim, dtype=policy)
        self.activation = activations.activation(activation)

    def build(self, tokens_shape):
        self.probe = self.add_weight(
            name="probe",
            shape=(1, self.dim),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        for layer in (self.attention, self.norm, self.widen):
            layer.build((None, 1, self.dim))
        self.narrow.build((None, 1, self.hidden))
        self.built = True

    def call(self, tokens):
        rows, time = ops.shape(tokens)[0], ops.shape(tokens)[1]
        probe = ops.broadcast_to(ops.cast(self.probe, tokens.dtype)[None], (rows, 1, self.dim))
        found = self.attention(probe, None, tokens, ops.ones((rows, time), dtype="bool"))
        wide = self.activation(self.widen(self.norm(found)))
        return found + self.narrow(wide)
