"""The decoder-only transformer of assistants: words, images and sounds in one sequence."""

from __future__ import annotations

from keras import ops

from polymodal.decoders.causal_transformer import CausalTransformer

__all__ = ["InterleavedTransformer"]


class InterleavedTransformer(CausalTransformer):
    """A `CausalTransformer` whose memory has words as ids, which it embeds itself.

    Args: those of `CausalTransformer`.

    Call arguments:
        tokens: int32 (batch, steps).
        memory: float32 (batch, time, 1 + dim): the id of a word, or -1 and a token to take as it
            is, as `fusion/interleaved.py` gives them.
        memory_mask: bool (batch, time).

    Returns:
        float32 logits (batch, steps, num_outputs).

    Example:

    >>> from keras import ops
    >>> decoder = InterleavedTransformer(8, num_outputs=5, num_heads=2, has_start=False)
    >>> memory, mask = -ops.ones((2, 3, 9)), ops.ones((2, 3), bool)
    >>> tuple(decoder(ops.zeros((2, 6), "int32"), memory, mask).shape)
    (2, 6, 5)
    """

    @property
    def autocast(self):
        """Always False: ids have to stay exact. Every part casts for itself."""
        return False

    @autocast.setter
    def autocast(self, value):
        """Keras sets it when a layer is made."""

    def build(self, tokens_shape, memory_shape=None):
        super().build(tokens_shape)

    def _projected(self, memory):
        ids = ops.cast(memory[..., 0], "int32")
        words = self.embed(ops.maximum(ids, 0))
        tokens = ops.cast(memory[..., 1:], self.compute_dtype)
        return ops.where((ids >= 0)[..., None], words, tokens)
