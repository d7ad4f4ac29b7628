"""A contextual LSTM over utterances (bc-LSTM)."""

from __future__ import annotations

import keras

from polymodal.layers.masks import hide
from polymodal.layers.parts import SequenceModel
from polymodal.layers.recurrent import Recurrent

__all__ = ["ContextualLSTM"]


class ContextualLSTM(SequenceModel):
    """A bidirectional LSTM over the utterances of a video, dropout, and a dense layer.

    Args:
        dim: int, width of the tokens; even if bidirectional.
        bidirectional: bool, False if an utterance must not see later ones.
        dropout: float, rate behind the LSTM.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).

    Returns:
        (tokens, mask) of the same shapes.

    Source: Poria et al. 2017, https://aclanthology.org/P17-1081, section 3.3 (bc-LSTM). In theirs
    an LSTM over each modality is trained first, and one over their joined outputs after it. Here
    both are trained at once: `encoder: rnn, kind: lstm` for the inputs, `fusion: stepwise_concat`,
    and this behind it. Missing utterances are passed over. Unlike `recurrent` it adds nothing to
    its input, so all that is said goes through the LSTM.
    """

    def __init__(self, dim: int, bidirectional: bool = True, dropout: float = 0.3, **kwargs):
        super().__init__(**kwargs)
        self.lstm = Recurrent(dim, "lstm", bidirectional, dtype=self.dtype_policy)
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.dense = keras.layers.Dense(dim, activation="tanh", dtype=self.dtype_policy)

    def build(self, tokens_shape):
        for layer in (self.lstm, self.dense):
            layer.build(tokens_shape)
        self.built = True

    def call(self, tokens, mask, training=None):
        found = self.drop(self.lstm(tokens, mask, training=training), training=training)
        return hide(self.dense(found), mask), mask
