"""One block of a causal transformer: grouped attention, then feed-forward."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.activations import activation
from polymodal.layers.dense import Dense
from polymodal.layers.grouped_attention import GroupedAttention
from polymodal.layers.rms_norm import RMSNorm

WAVE_BASE = 10_000.0  # the longest wave of positions is about 2 pi times as many steps


class CausalBlock(keras.layers.Layer):
    """Attention and a gated feed-forward part, each normalised before it."""

    def __init__(
        self,
        dim,
        hidden,
        activation_name,
        epsilon,
        bias,
        dropout,
        heads,
        result_norms=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.attention_norm = RMSNorm(epsilon, dtype=policy)
        self.attention = GroupedAttention(dim, epsilon=epsilon, dtype=policy, **heads)
        self.feedforward_norm = RMSNorm(epsilon, dtype=policy)
        self.gate = Dense(hidden, use_bias=bias, dtype=policy)
        self.widen = Dense(hidden, use_bias=bias, dtype=policy)
        self.narrow = Dense(dim, use_bias=bias, dtype=policy)
        self.attention_result_norm = self.feedforward_result_norm = None
        if result_norms:
            self.attention_result_norm = RMSNorm(epsilon, dtype=policy)
            self.feedforward_result_norm = RMSNorm(epsilon, dtype=policy)
        self.hidden, self.activation = hidden, activation(activation_name)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, tokens_shape):
        for layer in (
            self.attention_norm,
            self.attention,
            self.feedforward_norm,
            self.gate,
            self.widen,
        ):
            layer.build(tokens_shape)
        self.narrow.build((None, None, self.hidden))
        if self.attention_result_norm is not None:
            self.attention_result_norm.build(tokens_shape)
            self.feedforward_result_norm.build(tokens_shape)
        self.built = True

    def call(self, tokens, positions, allowed, past=None, training=None):
        normal = self.attention_norm(tokens)
        key, value = self.attention.keys_and_values(normal, positions)
        if past is not None:  # keys and values of what came before
            key, value = (
                ops.concatenate(pair, axis=2) for pair in zip(past, (key, value), strict=True)
            )
        found = self._attended(normal, positions, [(key, value)], allowed)
        tokens = tokens + self.drop(found, training=training)
        return tokens + self.drop(self._feed(tokens), training=training), (key, value)

    def kind(self):
        """Returns what is equal for blocks that do the same with the same weights."""
        return tuple(self.attention.rates), self.attention.rotary_scale

    def step(self, tokens, positions, allowed, cache, here, far=None):
        """Does the same for one step; `here` (slots,) is where its keys and values go in `cache`.
        Those in `far`, which `allowed` has first, are read only."""
        normal = self.attention_norm(tokens)
        new = self.attention.keys_and_values(normal, positions)
        key, value = (
            ops.where(here[None, None, :, None], one, all_)
            for one, all_ in zip(new, cache, strict=True)
        )
        parts = [(key, value)]
        if far is not None:
            parts = [far, *parts]
        tokens = tokens + self._attended(normal, positions, parts, allowed)
        return tokens + self._feed(tokens), (key, value)

    def _attended(self, normal, positions, parts, allowed):
        found = self.attention.gather(normal, positions, parts, allowed)
        if self.attention_result_norm is None:
            return found
        return self.attention_result_norm(found)

    def _feed(self, tokens):
        normal = self.feedforward_norm(tokens)
        found = self.narrow(self.activation(self.gate(normal)) * self.widen(normal))
        if self.feedforward_result_norm is None:
            return found
        return self.feedforward_result_norm(found)


def turning(window, rates, rotary_scale, window_rates):
    """Returns how a block turns its queries and keys: those with a window perhaps otherwise."""
    if window and window_rates is not None:
        return {"rates": window_rates, "rotary_scale": 1.0}
    return {"rates": rates, "rotary_scale": rotary_scale}
