"""A recurrent network for text and other sequences."""

from __future__ import annotations

import keras

from polymodal.layers.masks import hide
from polymodal.layers.parts import Encoder
from polymodal.layers.recurrent import Recurrent
from polymodal.layers.sequence_input import SequenceInput

__all__ = ["Rnn"]


class Rnn(Encoder):
    """Recurrent network (GRU or LSTM) for text and other sequences.

    Args:
        dim: int, width of the tokens, shared by both directions.
        kind: "gru" or "lstm".
        num_layers: int, stacked recurrent layers.
        bidirectional: bool, whether the sequence is also read backwards.
        vocabulary_size: int, how many ids there are; None for sequences of vectors.
        dropout: float, rate between the layers.

    Call arguments:
        inputs: int32 (batch, time), or float (batch, time, features).
        mask: bool (batch, time).

    Returns:
        (tokens (batch, time, dim), mask (batch, time)).

    Example:

    >>> import numpy as np
    >>> ids = np.array([[5, 2, 7], [3, 0, 0]], "int32")
    >>> tokens, mask = Rnn(dim=8, vocabulary_size=10)(ids, ids > 0)
    >>> tuple(tokens.shape)
    (2, 3, 8)
    """

    def __init__(
        self,
        dim: int = 128,
        kind: str = "gru",
        num_layers: int = 1,
        bidirectional: bool = True,
        vocabulary_size: int | None = None,
        dropout: float = 0.2,
        **kwargs,
    ):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.dim = dim
        self.embed = SequenceInput(dim, vocabulary_size, dropout, dtype=policy, name="embed")
        self.layers = [Recurrent(dim, kind, bidirectional, dtype=policy) for _ in range(num_layers)]
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, inputs_shape):
        self.embed.build(inputs_shape)
        for layer in self.layers:
            layer.build((*inputs_shape[:2], self.dim))
        self.built = True

    def call(self, inputs, mask, training=None):
        tokens = self.embed(inputs, mask, training=training)
        for layer in self.layers:
            tokens = self.drop(layer(tokens, mask), training=training)
        return hide(tokens, mask), mask
