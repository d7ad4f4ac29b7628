"""A decoder with grounding: it sees, word by word, what is around the words' image positions."""

from __future__ import annotations

import keras


class GroundedDecoder(keras.layers.Layer):
    """A decoder and a `GroundingLayer`, used as the decoder alone would be.

    Args:
        decoder: a decoder that is not aligned, as `decoders` has them.
        grounding: GroundingLayer.

    Call arguments:
        tokens, memory, memory_mask: as for the decoder.

    Returns:
        The decoder's logits; in training a pair: the logits, and what `grounding.loss` takes.
    """

    aligned = False

    def __init__(self, decoder, grounding, **kwargs):
        super().__init__(**kwargs)
        self.decoder, self.grounding = decoder, grounding
        self.num_outputs = decoder.num_outputs

    def build(self, tokens_shape, memory_shape):
        self.decoder.build(tokens_shape, memory_shape)
        self.grounding.build(tokens_shape, memory_shape)
        self.built = True

    def call(self, tokens, memory, memory_mask, training=None):
        beside, hidden = self.grounding(tokens, memory, memory_mask, training=training)
        logits = self.decoder(tokens, memory, memory_mask, beside, training=training)
        if training:
            return (logits, hidden)
        return logits

    def attention_weights(self, tokens, memory, memory_mask):
        """Returns what the decoder's own method returns."""
        beside, _ = self.grounding(tokens, memory, memory_mask)
        return self.decoder.attention_weights(tokens, memory, memory_mask, beside)

    def initial_state(self, memory, memory_mask, max_length):
        """Returns the state before the first step: every leaf has the batch first."""
        return (
            self.decoder.initial_state(memory, memory_mask, max_length),
            self.grounding.initial_state(memory, memory_mask),
        )

    def step(self, tokens, state, memory, memory_mask):
        """Does one step, as the decoder's own does."""
        own, where = state
        beside, where = self.grounding.step(tokens, where)
        logits, own = self.decoder.step(tokens, own, memory, memory_mask, beside)
        return logits, (own, where)
