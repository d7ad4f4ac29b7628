"""The head of connectionist temporal classification: a symbol or nothing for each frame."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import fit_mask, hide

__all__ = ["CTC"]

# Logits of frames that are not real: blank with certainty, so a loss or a search
# over all frames gives the same as one over the real ones.
_CERTAIN = 30.0


class CTC(keras.layers.Layer):
    """Gives logits of the symbols and of blank, the last id, for every frame.

    Frames after the end, and missing ones, are blank with certainty. So the logits need no mask:
    they spell the same with any padding.

    Args:
        dim: int, width of the frames.
        num_outputs: int, symbols and, as the last of them, blank.
        dropout: float, rate on the frames.
        normalised: bool, whether frames are normalised first.

    Call arguments:
        tokens: (batch, frames, dim).
        mask: bool (batch, frames).

    Returns:
        float32 (batch, frames, num_outputs).

    Source: Graves et al. 2006, "Connectionist temporal classification", section 3.1.

    Example:

    >>> from keras import ops
    >>> head = CTC(4, num_outputs=3)
    >>> logits = head(ops.ones((1, 2, 4)), ops.convert_to_tensor([[True, False]]))
    >>> int(ops.argmax(logits[0, 1]))
    2
    """

    aligned = None  # it is fed no previous output

    def __init__(
        self, dim: int, num_outputs: int, dropout: float = 0.1, normalised: bool = True, **kwargs
    ):
        super().__init__(**kwargs)
        self.dim, self.num_outputs = dim, num_outputs
        self.norm = LayerNorm(dtype=self.dtype_policy) if normalised else None
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.logits = keras.layers.Dense(num_outputs, dtype="float32")

    def build(self, tokens_shape):
        if self.norm is not None:
            self.norm.build(tokens_shape)
        self.logits.build(tokens_shape)
        self.built = True

    def call(self, tokens, mask, training=None):
        tokens = hide(tokens, mask)
        if self.norm is not None:
            tokens = self.norm(tokens)
        logits = self.logits(self.drop(tokens, training=training))  # (batch, frames, num_outputs)
        is_blank = ops.arange(self.num_outputs) == self.num_outputs - 1
        silent = ops.where(is_blank, _CERTAIN, -_CERTAIN)
        return ops.where(fit_mask(mask, logits), logits, ops.cast(silent, "float32"))
