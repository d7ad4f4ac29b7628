"""CTC and an attention decoder over the same tokens, trained together."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.lookup import find
from polymodal.decoders.ctc import CTC

__all__ = ["CTCAttention"]


class CTCAttention(keras.layers.Layer):
    """Gives CTC's logits for every frame and, given previous outputs, also a decoder's.

    The decoder attends to the whole recording and to the text so far, which CTC cannot; CTC keeps
    it aligned with the sound. Both have the same outputs: CTC's blank is the decoder's end. At
    inference CTC's beam search proposes texts, and the decoder rescores them.

    Args:
        dim: int, width of the tokens and of the decoder.
        num_outputs: int, symbols and, as the last of them, blank or the end.
        decoder: str, name in `decoders`: transformer or recurrent_attention.
        dropout: float, rate on the frames and inside the decoder.

    Call arguments:
        tokens: (batch, frames, dim).
        mask: bool (batch, frames).
        previous: int32 (batch, steps), the output before each step, the start first; or None.

    Returns:
        float32 (batch, frames, num_outputs); with `previous` (batch, frames + steps, num_outputs),
        the decoder's logits behind those of the frames.

    Source: Watanabe et al. 2017, "Hybrid CTC/attention architecture for end-to-end speech
    recognition", section III; scored in a second pass, as in Zhang et al. 2020, "Unified streaming
    and non-streaming two-pass end-to-end model".

    Example:

    >>> head = CTCAttention(8, num_outputs=3)
    >>> tokens, mask = ops.ones((1, 4, 8)), ops.ones((1, 4), bool)
    >>> tuple(head(tokens, mask, ops.zeros((1, 2), "int32")).shape)
    (1, 6, 3)
    """

    aligned = None  # it needs no previous output

    def __init__(
        self,
        dim: int,
        num_outputs: int,
        decoder: str = "transformer",
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.ctc = CTC(dim, num_outputs, dropout, dtype=policy, name="ctc")
        self.decoder = find("decoders", decoder)(
            dim, num_outputs, dropout=dropout, dtype=policy, name="decoder"
        )

    def build(self, tokens_shape):
        self.ctc.build(tokens_shape)
        self.decoder.build((None, None), tokens_shape)
        self.built = True

    def call(self, tokens, mask, previous=None, training=None):
        frames = self.ctc(tokens, mask, training=training)
        if previous is None:
            return frames
        written = self.decoder(previous, tokens, mask, training=training)
        return ops.concatenate([frames, written], axis=1)
