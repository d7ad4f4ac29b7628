"""The free-running recurrent decoder: attends to its memory at each step, until the end token."""

from __future__ import annotations

from typing import Literal

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.additive_attention import AdditiveAttention
from polymodal.layers.attention import MultiHeadAttention
from polymodal.layers.pooling import pool_mean
from polymodal.layers.starts import known

__all__ = ["RecurrentAttentionDecoder"]


class RecurrentAttentionDecoder(keras.layers.Layer):
    """A GRU or LSTM that emits any number of outputs and attends to the memory.

    It starts from the mean of the memory and reads the outputs so far. At each step its state is
    the query; state and attended memory together give the next output.

    Args:
        dim: int, width of the hidden state; divisible by `num_heads`.
        num_outputs: int, number of output ids. Id `num_outputs` exists as an input only, for a
            start token that is never an output.
        num_heads: int, heads of attention by dot products.
        dropout: float, rate on the recurrent cell's inputs and outputs.
        attention: str, score of query and key: "dot" (dot product) or "additive" (small network).
        kind: str, "gru" or "lstm".

    Call arguments:
        tokens: int32 (batch, steps), the output before each step, the start first. Negative ones
        are unknown outputs, and count as a start. With each start another sequence
            begins, which knows nothing of those before it.
        memory: (batch, time, any dim), the fused tokens G.
        memory_mask: bool (batch, time).
        beside: (batch, steps, dim), added to the embeddings; None for nothing.

    Returns:
        float32 logits (batch, steps, num_outputs), equal to those of repeated `step`.

    Raises:
        RecipeError: an unknown attention or kind, or heads that do not divide `dim`.

    Source: Luong et al. 2015, https://arxiv.org/abs/1508.04025, section 3.1, with several heads;
    "additive": Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473. In both the state that asks
    has read the previous output, and the attended vector is not fed to the next step, so that
    training needs no loop.
    """

    aligned = False

    def __init__(
        self,
        dim: int,
        num_outputs: int,
        num_heads: int = 4,
        dropout: float = 0.1,
        attention: Literal["dot", "additive"] = "dot",
        kind: Literal["gru", "lstm"] = "gru",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if attention not in ("dot", "additive"):
            raise RecipeError(
                'RecurrentAttentionDecoder needs attention "dot" or "additive". Got '
                f'"{attention}". Leave it out for dot.'
            )
        if kind not in _CELLS:
            raise RecipeError(
                'RecurrentAttentionDecoder needs kind "gru" or "lstm". Got '
                f'"{kind}". Leave it out for gru.'
            )
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
        self.start = keras.layers.Dense(dim, activation="tanh", dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.recurrent = keras.layers.RNN(
            _CELLS[kind](dim, dtype=policy), return_sequences=True, dtype=policy
        )
        if attention == "dot":
            self.attention = MultiHeadAttention(dim, num_heads, dropout, dtype=policy)
        else:
            self.attention = AdditiveAttention(dim, dropout, dtype=policy)
        self.mix = keras.layers.Dense(2 * dim, activation="gelu", dtype=policy)
        self.logits = keras.layers.Dense(num_outputs, dtype="float32")

    def build(self, tokens_shape, memory_shape):
        narrow, wide = (None, None, self.dim), (None, None, 2 * self.dim)
        self.embedding.build(tokens_shape)
        self.start.build((None, memory_shape[-1]))
        self.recurrent.build((None, None, self.dim + 1))
        self.attention.build(narrow, memory_shape)
        self.mix.build(wide)
        self.logits.build(wide)
        self.built = True

    def call(self, tokens, memory, memory_mask, beside=None, training=None):
        hidden = self._hidden(tokens, memory, memory_mask, beside, training)
        return self._read(hidden, memory, memory_mask, training)

    def attention_weights(self, tokens, memory, memory_mask, beside=None):
        """Returns the attention weights of each step over the positions of the memory.

        Args:
            tokens, memory, memory_mask, beside: as for `call`.

        Returns:
            float32 (batch, steps, time), the mean over heads. Rows sum to 1 over real positions,
            and to 0 where there is none.
        """
        hidden = self._hidden(tokens, memory, memory_mask, beside)
        return self.attention.attention_weights(hidden, memory, memory_mask)

    def initial_state(self, memory, memory_mask, max_length=None):
        """Returns the state before the first step: every leaf has the batch first.

        Args:
            memory, memory_mask: as for `call`.
            max_length: not needed: the state does not grow.
        """
        start = self.start(pool_mean(ops.cast(memory, self.compute_dtype), memory_mask))
        return self.recurrent.cell.before(start)

    def step(self, tokens, state, memory, memory_mask, beside=None):
        """Does one step.

        Args:
            tokens: int32 (batch,), previous outputs.
            state: what `initial_state` or the previous step returned.
            memory, memory_mask: as for `call`.
            beside: (batch, 1, dim), as for `call`.

        Returns:
            (logits (batch, num_outputs), state)
        """
        hidden, state = self.recurrent.cell(self._embed(tokens, beside), list(state))
        logits = self._read(hidden[:, None], memory, memory_mask, False)
        return logits[:, 0], tuple(state)

    def _hidden(self, tokens, memory, memory_mask, beside, training=None):
        """Returns the state after each token, (batch, steps, dim)."""
        state = list(self.initial_state(memory, memory_mask))
        return self.recurrent(self._embed(tokens, beside, training), initial_state=state)

    def _read(self, hidden, memory, memory_mask, training):
        everywhere = ops.ones_like(hidden[..., 0], dtype="bool")
        answer = self.attention(hidden, everywhere, memory, memory_mask, training=training)
        mixed = self.mix(ops.concatenate([hidden, answer], axis=-1))
        return self.logits(self.drop(mixed, training=training))

    def _embed(self, tokens, beside, training=False):
        """Returns (..., dim + 1): embeddings, and whether a sequence begins there."""
        tokens = known(tokens, self.num_outputs)
        embedded = self.embedding(tokens)
        if beside is not None:
            embedded = embedded + ops.reshape(beside, ops.shape(embedded))
        embedded = self.drop(embedded, training=training)
        begins = ops.cast(tokens == self.num_outputs, embedded.dtype)
        return ops.concatenate([embedded, begins[..., None]], axis=-1)


class _BeginningGRU(keras.layers.GRUCell):
    """A GRU whose state is reset to the initial one at each input that ends in a 1."""

    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.state_size = [units, units]

    def build(self, inputs_shape):
        super().build((*inputs_shape[:-1], inputs_shape[-1] - 1))

    def before(self, start):
        """Returns the initial state: the hidden state, and a copy to reset to."""
        return start, start

    def call(self, inputs, states, training=False):
        hidden, start = states
        hidden = ops.where(inputs[..., -1:] > 0, start, hidden)
        output, _ = super().call(inputs[..., :-1], hidden, training=training)
        return output, [output, start]


class _BeginningLSTM(keras.layers.LSTMCell):
    """An LSTM that does the same; its initial cell state is zero."""

    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.state_size = [units, units, units]

    def build(self, inputs_shape):
        super().build((*inputs_shape[:-1], inputs_shape[-1] - 1))

    def before(self, start):
        """Returns the initial state: hidden state, cell state, and a copy to reset to."""
        return start, ops.zeros_like(start), start

    def call(self, inputs, states, training=False):
        hidden, carry, start = states
        begins = inputs[..., -1:] > 0
        hidden = ops.where(begins, start, hidden)
        carry = ops.where(begins, ops.zeros_like(carry), carry)
        output, states = super().call(inputs[..., :-1], [hidden, carry], training=training)
        return output, [*states, start]


_CELLS = {"gru": _BeginningGRU, "lstm": _BeginningLSTM}
