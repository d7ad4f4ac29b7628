"""One block of a published transformer encoder."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers import activations
from polymodal.layers.attention import MultiHeadAttention
from polymodal.layers.dense import Dense
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.position_gate import PositionGate

__all__ = ["EncoderBlock"]


class EncoderBlock(keras.layers.Layer):
    """Attention and a feed-forward part, in the variants that published encoders use.

    Args:
        dim: int, width of the tokens.
        num_heads: int.
        hidden: int, width of the feed-forward part.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        norm_first: bool, whether each part is normalised before it (as in ViT), or the sum after it
            (as in BERT).
        input_bias: bool, whether queries, keys and values have biases.
        key_bias: bool, whether keys have one too, where queries do.
        layer_scale: bool, whether each part's result is multiplied by a learned gain per feature.
        gated: bool, whether the feed-forward part multiplies its activation by a second projection.
        position_gate: bool, whether each token gates the preference.
        dropout: float, rate on the results of both parts.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).
        preference: float32 (batch or 1, heads, time, time), added to the attention scores; or None.

    Returns:
        (batch, time, dim).

    Source: Devlin et al., "BERT", 2019; Dosovitskiy et al., "An image is worth 16x16 words", 2021;
    layer scale: Touvron et al., "Going deeper with image transformers", 2021, equation 4; gates:
    Shazeer, "GLU variants improve transformer", 2020, equation 6.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        hidden: int,
        activation: str = "gelu",
        epsilon: float = 1e-12,
        norm_first: bool = False,
        input_bias: bool = True,
        layer_scale: bool = False,
        gated: bool = False,
        key_bias: bool = True,
        position_gate: bool = False,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim, self.hidden, self.norm_first = dim, hidden, norm_first
        self.has_scale = layer_scale
        policy = self.dtype_policy
        self.attention = MultiHeadAttention(
            dim, num_heads, input_bias=input_bias, output_bias=True, key_bias=key_bias, dtype=policy
        )
        self.position_gate = None
        if position_gate:
            self.position_gate = PositionGate(dim, num_heads, dtype=policy)
        self.attention_norm = LayerNorm(epsilon, dtype=policy)
        self.widen = Dense(hidden, dtype=policy)
        self.gate = Dense(hidden, dtype=policy) if gated else None
        self.narrow = Dense(dim, dtype=policy)
        self.feedforward_norm = LayerNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.activation = activations.activation(activation)

    def build(self, tokens_shape):
        for layer in (self.attention, self.attention_norm, self.widen, self.feedforward_norm):
            layer.build(tokens_shape)
        for layer in (self.gate, self.position_gate):
            if layer is not None:
                layer.build(tokens_shape)
        self.narrow.build((*tokens_shape[:-1], self.hidden))
        self.attention_scale = self.feedforward_scale = None
        if self.has_scale:
            self.attention_scale = self.add_weight(
                name="attention_scale", shape=(self.dim,), initializer="ones"
            )
            self.feedforward_scale = self.add_weight(
                name="feedforward_scale", shape=(self.dim,), initializer="ones"
            )
        self.built = True

    def call(self, tokens, mask, preference=None, training=None):
        if self.norm_first:
            found = self._attend(self.attention_norm(tokens), mask, preference, training)
            tokens = tokens + found
            return tokens + self._feed(self.feedforward_norm(tokens), training)
        tokens = self.attention_norm(tokens + self._attend(tokens, mask, preference, training))
        return self.feedforward_norm(tokens + self._feed(tokens, training))

    def _attend(self, tokens, mask, preference, training):
        if self.position_gate is not None:
            preference = self.position_gate(tokens) * ops.cast(preference, "float32")
        key, value = self.attention.keys_and_values(tokens)
        allowed = ops.expand_dims(ops.expand_dims(mask, 1), 1)
        found = self.attention.gather(
            tokens, key, value, allowed, preference=preference, training=training
        )
        return self.drop(_scaled(found, self.attention_scale), training=training)

    def _feed(self, tokens, training):
        wide = self.activation(self.widen(tokens))
        if self.gate is not None:
            wide = wide * self.gate(tokens)
        return self.drop(_scaled(self.narrow(wide), self.feedforward_scale), training=training)


def _scaled(tensor, scale):
    if scale is None:
        return tensor
    return tensor * ops.cast(scale, tensor.dtype)
