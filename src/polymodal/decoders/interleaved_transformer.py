"""The decoder-only transformer of assistants: words, images and sounds in one sequence."""

from __future__ import annotations

from keras import ops

from polymodal.decoders.causal_transformer import CausalTransformer, positions_of

__all__ = ["InterleavedTransformer"]

_ABOUT = 3  # channels of the memory before the tokens


class InterleavedTransformer(CausalTransformer):
    """A `CausalTransformer` whose memory has words as ids, which it embeds itself.

    Args: those of `CausalTransformer`.

    Call arguments:
        tokens: int32 (batch, steps).
        memory: float32 (batch, time, 3 + dim): the id of a word, or -1 for a token to take as it
            is; the number of its conversation; where it stands; the token. So
            `fusion/interleaved.py` gives them.
        memory_mask: bool (batch, time).

    Returns:
        float32 logits (batch, steps, num_outputs).

    Example:

    >>> from keras import ops
    >>> decoder = InterleavedTransformer(8, num_outputs=5, num_heads=2, has_start=False)
    >>> memory, mask = -ops.ones((2, 3, 11)), ops.ones((2, 3), bool)
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

    def in_place(self, places, memory, memory_mask, training=None):
        """Returns logits of outputs that the memory holds already, as in training on conversations
        that are packed: none sees another, and each counts its own positions.

        Args:
            places: int32 (batch, steps), where the token before each output stands; -1 for none.
            memory, memory_mask: as for `call`.

        Returns:
            float32 logits (batch, steps, num_outputs).
        """
        ids, talks, stands = (ops.cast(memory[..., one], "int32") for one in range(_ABOUT))
        together = talks[:, :, None] == talks[:, None]  # (batch, time, time)
        before = ops.logical_and(memory_mask[:, None], talks[:, None] < talks[:, :, None])
        positions = positions_of(memory_mask) - ops.sum(ops.cast(before, "int32"), axis=-1)
        hidden = self._run(self._projected(memory), memory_mask, together, training, positions)
        stands = ops.where(ops.logical_and(memory_mask, ids >= 0), stands, -2)
        found = ops.argmax(ops.cast(places[:, :, None] == stands[:, None], "int32"), axis=-1)
        return self._read(ops.take_along_axis(hidden, found[..., None], axis=1))

    def _projected(self, memory):
        ids = ops.cast(memory[..., 0], "int32")
        words = self.embed(ops.maximum(ids, 0))
        tokens = ops.cast(memory[..., _ABOUT:], self.compute_dtype)
        return ops.where((ids >= 0)[..., None], words, tokens)
