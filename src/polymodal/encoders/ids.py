"""Passes ids on, for a decoder that embeds them itself."""

from __future__ import annotations

from keras import ops

from polymodal.layers.parts import Encoder

__all__ = ["Ids"]


class Ids(Encoder):
    """Gives each id as a token of one number: the decoder that reads them has their vectors.

    Args:
        dim: int, not used: the width of the tokens is 1.

    Call arguments:
        inputs: int32 (batch, time); negative ones are places of media.
        mask: bool (batch, time).

    Returns:
        (int32 tokens (batch, time, 1), mask).
    """

    def __init__(self, dim: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim

    def build(self, inputs_shape):
        self.built = True

    def call(self, inputs, mask, training=None):
        return ops.cast(inputs, "int32")[..., None], mask
