"""The aligned recurrent decoder: one output for each fused step."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.masks import hide
from polymodal.layers.starts import known

__all__ = ["RecurrentDecoder"]


class RecurrentDecoder(keras.layers.Layer):
    """Gives one output per step of its memory: O_i = f(G_i, O_{i-1}), with f a GRU.

    Args:
        dim: int, width of the hidden state.
        num_outputs: int, number of output ids. Id `num_outputs` exists as an input only, for a
            start token that is never an output.
        dropout: float, rate on the GRU's inputs and outputs.

    Call arguments:
        tokens: int32 (batch, steps), the output before each step, the start first. Negative ones
        are unknown outputs, and count as a start.
        memory: (batch, time, any dim), the fused tokens G. Steps after its end read zeros.
        memory_mask: bool (batch, time).

    Returns:
        float32 logits (batch, steps, num_outputs), equal to those of repeated `step`.

    Example:

    >>> from keras import ops
    >>> decoder = RecurrentDecoder(8, num_outputs=5)
    >>> memory, mask = ops.ones((2, 3, 4)), ops.ones((2, 3), bool)
    >>> tuple(decoder(ops.zeros((2, 3), "int32"), memory, mask).shape)
    (2, 3, 5)
    """

    aligned = True

    def __init__(self, dim: int, num_outputs: int, dropout: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        self.dim, self.num_outputs = dim, num_outputs
        policy = self.dtype_policy
        # as large as normalised tokens: with Keras' initial values, twenty times smaller, the
        # memory would outweigh the previous output
        self.embedding = keras.layers.Embedding(
            num_outputs + 1,
            dim,
            dtype=policy,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        self.join = keras.layers.Dense(2 * dim, activation="gelu", dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.recurrent = keras.layers.GRU(dim, return_sequences=True, dtype=policy)
        self.mix = keras.layers.Dense(2 * dim, activation="gelu", dtype=policy)
        self.logits = keras.layers.Dense(num_outputs, dtype="float32")

    def build(self, tokens_shape, memory_shape):
        wide = (None, None, 2 * self.dim)
        self.embedding.build(tokens_shape)
        self.join.build((None, None, memory_shape[-1] + self.dim))
        self.recurrent.build(wide)
        self.mix.build((None, None, 3 * self.dim))
        self.logits.build(wide)
        self.built = True

    def call(self, tokens, memory, memory_mask, training=None):
        steps = ops.arange(ops.shape(tokens)[1], dtype="int32")
        time = ops.shape(memory)[1]
        source = ops.minimum(steps, time - 1)
        real = ops.logical_and(ops.take(memory_mask, source, axis=1), steps < time)
        seen = hide(ops.take(memory, source, axis=1), real)  # (batch, steps, dim)
        joined = self._join(tokens, seen, training)
        return self._read(joined, self.recurrent(joined), training)

    def initial_state(self, memory, memory_mask, max_length=None):
        """Returns the state before the first step: every leaf has the batch first.

        Args:
            memory, memory_mask: as for `call`.
            max_length: not needed: the state does not grow.
        """
        hidden = ops.zeros((ops.shape(memory)[0], self.dim), self.compute_dtype)
        return hidden, ops.zeros_like(memory_mask[:, 0], dtype="int32")

    def step(self, tokens, state, memory, memory_mask):
        """Does one step.

        Args:
            tokens: int32 (batch,), previous outputs.
            state: what `initial_state` or the previous step returned.
            memory, memory_mask: as for `call`.

        Returns:
            (logits (batch, num_outputs), state)
        """
        hidden, position = state
        time = ops.shape(memory)[1]
        source = ops.minimum(position, time - 1)[:, None]  # (batch, 1)
        real = ops.take_along_axis(memory_mask, source, axis=1)[:, 0]
        real = ops.logical_and(real, position < time)
        seen = hide(ops.take_along_axis(memory, source[..., None], axis=1)[:, 0], real)
        joined = self._join(tokens, seen, False)
        hidden, _ = self.recurrent.cell(joined, [hidden])
        return self._read(joined, hidden, False), (hidden, position + 1)

    def _join(self, tokens, seen, training):
        seen = ops.cast(seen, self.compute_dtype)
        joined = self.join(ops.concatenate([seen, self._embed(tokens)], axis=-1))
        return self.drop(joined, training=training)

    def _read(self, joined, hidden, training):
        mixed = self.mix(ops.concatenate([joined, hidden], axis=-1))
        return self.logits(self.drop(mixed, training=training))

    def _embed(self, tokens):
        return self.embedding(known(tokens, self.num_outputs))
