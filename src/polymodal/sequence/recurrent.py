"""A recurrent model over the fused tokens."""

from __future__ import annotations

import keras

from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.recurrent import Recurrent

__all__ = ["RecurrentSequence"]


class RecurrentSequence(keras.layers.Layer):
    """Reads the fused tokens in order, by default from both ends, and adds what it found to each.

    Args:
        dim: int, width of the tokens; even where both directions are read.
        kind: str, "gru" or "lstm".
        num_layers: int, recurrent layers, each with its own shortcut.
        bidirectional: bool, False where a step must not see later ones.
        dropout: float, rate on what each layer adds.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).

    Returns:
        (tokens, mask) of the same shapes.
    """

    def __init__(self, dim: int, kind: str = "gru", num_layers: int = 1,
                 bidirectional: bool = True, dropout: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.norms = [LayerNorm(dtype=policy) for _ in range(num_layers)]
        self.layers = [Recurrent(dim, kind, bidirectional, dtype=policy)
                       for _ in range(num_layers)]
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, tokens_shape):
        for layer in (*self.norms, *self.layers):
            layer.build(tokens_shape)
        self.built = True

    def call(self, tokens, mask, training=None):
        for norm, layer in zip(self.norms, self.layers, strict=True):
            read = layer(norm(tokens), mask, training=training)
            tokens = tokens + self.drop(read, training=training)
        return tokens, mask
