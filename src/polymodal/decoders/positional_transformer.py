"""The decoder of published speech models: a transformer with learned positions."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.activations import activation
from polymodal.layers.attention import MultiHeadAttention
from polymodal.layers.dense import Dense
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.starts import known, same_sequence

__all__ = ["PositionalTransformer"]


class PositionalTransformer(keras.layers.Layer):
    """Emits outputs by attention over those so far and over its memory, as in Whisper.

    The embedding table, transposed, is also the last layer (tied weights). Positions count from the
    start of a sequence; those beyond the last learned one share it.

    Args:
        dim: int, width; divisible by `num_heads`.
        num_outputs: int, number of output ids. Id `num_outputs` exists as an input only, where
            `has_start` is set.
        num_layers: int, blocks.
        num_heads: int, attention heads.
        hidden: int, width of the feed-forward part; None for `4 dim`.
        num_positions: int, learned positions.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        has_start: bool, whether there is a start token, with which another sequence begins.
        dropout: float, rate on each residual branch of a block, and on the embedding.

    Call arguments:
        tokens: int32 (batch, steps). Negative ones are unknown, and count as a start.
        memory: (batch, time, any dim), what it decodes.
        memory_mask: bool (batch, time).

    Returns:
        float32 logits (batch, steps, num_outputs), equal to those of repeated `step`.

    Source: Radford et al., "Robust speech recognition via large-scale weak supervision", 2023,
    section 2.2.

    Example:

    >>> from keras import ops
    >>> decoder = PositionalTransformer(8, num_outputs=5, num_heads=2)
    >>> memory, mask = ops.ones((2, 3, 4)), ops.ones((2, 3), bool)
    >>> tuple(decoder(ops.zeros((2, 6), "int32"), memory, mask).shape)
    (2, 6, 5)
    """

    aligned = False

    def __init__(
        self,
        dim: int,
        num_outputs: int,
        num_layers: int = 2,
        num_heads: int = 4,
        hidden: int | None = None,
        num_positions: int = 448,
        activation: str = "gelu",
        epsilon: float = 1e-5,
        has_start: bool = True,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim, self.num_outputs, self.has_start = dim, num_outputs, has_start
        self.num_positions = num_positions
        policy = self.dtype_policy
        self.blocks = [
            _Block(
                dim,
                num_heads,
                hidden or 4 * dim,
                activation,
                epsilon,
                dropout,
                dtype=policy,
                name=f"block_{i}",
            )
            for i in range(num_layers)
        ]
        self.final_norm = LayerNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, tokens_shape, memory_shape):
        table = lambda name, rows: self.add_weight(
            name=name,
            shape=(rows, self.dim),
            autocast=False,
            initializer=keras.initializers.RandomNormal(stddev=self.dim**-0.5),
        )
        self.embedding = table("embedding", self.num_outputs + self.has_start)
        self.positions = table("positions", self.num_positions)
        for block in self.blocks:
            block.build((None, None, self.dim), memory_shape)
        self.final_norm.build((None, None, self.dim))
        self.built = True

    def call(self, tokens, memory, memory_mask, training=None):
        recalled = self.recalled(memory)
        hidden, _ = self._run(tokens, recalled, memory_mask, training)
        return self._read(hidden)

    def recalled(self, memory):
        """Returns what the blocks keep of a memory: keys and values (batch, heads, time, size)."""
        memory = ops.cast(memory, self.compute_dtype)
        return tuple(block.memory.keys_and_values(memory) for block in self.blocks)

    def attention_weights(self, tokens, memory, memory_mask):
        """Returns the attention weights of each step over the positions of the memory.

        Args:
            tokens, memory, memory_mask: as for `call`.

        Returns:
            float32 (batch, steps, time): of the last block, the mean over its heads. Rows sum to 1
            over real positions, and to 0 where there is none.
        """
        return ops.mean(self.head_weights(tokens, memory, memory_mask)[-1], axis=1)

    def head_weights(self, tokens, memory, memory_mask):
        """Returns for each block float32 (batch, heads, steps, time), as `attention_weights` has
        them for the last block's mean."""
        tokens, recalled, found = known(tokens, self.num_outputs), self.recalled(memory), []
        hidden, own = self._embed(tokens), self._own(tokens)
        for block, kept in zip(self.blocks, recalled, strict=True):
            hidden, _, weights = block(hidden, own, kept, memory_mask, with_weights=True)
            found.append(weights)
        return found

    def initial_state(self, memory, memory_mask, max_length):
        """Returns the state before the first step: every leaf has the batch first.

        Args:
            memory, memory_mask: as for `call`.
            max_length: int, most steps that will be done.
        """
        position = ops.zeros_like(memory_mask[:, 0], dtype="int32")
        recalled = self.recalled(memory)
        caches = tuple(_room(kept, max_length) for kept in recalled)
        return position, position, caches, recalled

    def step(self, tokens, state, memory, memory_mask):
        """Does one step; all rows are at the same position.

        Args:
            tokens: int32 (batch,), previous outputs.
            state: what `initial_state` or the previous step returned.
            memory: not used: the state holds its keys and values.
            memory_mask: bool (batch, time).

        Returns:
            (logits (batch, num_outputs), state)
        """
        *own, recalled = state
        logits, own = self.step_over(tokens, own, recalled, memory_mask)
        return logits, (*own, recalled)

    def begun(self, tokens, recalled, memory_mask, max_length):
        """Reads a prompt at once.

        Args:
            tokens: int32 (batch, steps), equally many in each row, and at least one.
            recalled: what `recalled` returned.
            memory_mask: bool (batch, time).
            max_length: int, most steps that will be done after all but its last token.

        Returns:
            (logits (batch, steps, num_outputs), state before the last token, without `recalled`)
        """
        hidden, caches = self._run(tokens, recalled, memory_mask, False)
        done = tokens.shape[1] - 1
        position = ops.zeros_like(tokens[:, 0]) + done
        caches = tuple(
            tuple(_longer(leaf[:, :, :done], max_length) for leaf in cache) for cache in caches
        )
        return self._read(hidden), (position, ops.zeros_like(position), caches)

    def step_over(self, tokens, state, recalled, memory_mask, rows_each=1):
        """Does one step as `step` does, of `rows_each` sequences for each row of the memory.

        Args:
            tokens: int32 (batch * rows_each,).
            state: of so many rows, without what is recalled.
            recalled: of `batch` rows.
            memory_mask: bool (batch, time).
            rows_each: int, as of a beam.
        """
        position, first, caches = state
        tokens = known(tokens, self.num_outputs)
        if self.has_start:
            first = ops.where(tokens == self.num_outputs, position, first)
        hidden, found = self._embed(tokens[:, None], (position - first)[:, None]), []
        places = ops.arange(caches[0][0].shape[2], dtype="int32")
        here = places == position[0]
        past = ops.logical_and(places <= position[0], places >= first[:, None])
        for block, cache, kept in zip(self.blocks, caches, recalled, strict=True):
            hidden, cache = block.step(hidden, cache, here, past, kept, memory_mask, rows_each)
            found.append(cache)
        return self._read_one(hidden[:, 0]), (position + 1, first, tuple(found))

    def _run(self, tokens, recalled, memory_mask, training):
        tokens, caches = known(tokens, self.num_outputs), []
        hidden, own = self.drop(self._embed(tokens), training=training), self._own(tokens)
        for block, kept in zip(self.blocks, recalled, strict=True):
            hidden, cache = block(hidden, own, kept, memory_mask, training=training)
            caches.append(cache)
        return hidden, caches

    def _own(self, tokens):
        """Returns bool (batch or 1, steps, steps): which tokens each may see of its own."""
        steps = ops.arange(ops.shape(tokens)[1], dtype="int32")
        past = (steps[:, None] >= steps)[None]
        if not self.has_start:
            return past
        return ops.logical_and(past, same_sequence(tokens, self.num_outputs))

    def _embed(self, tokens, positions=None):
        """Returns (batch, steps, dim); positions int32 (batch, steps), or None to count them."""
        if positions is None:
            positions = ops.sum(ops.cast(self._own(tokens), "int32"), axis=-1) - 1
        positions = ops.minimum(positions, self.num_positions - 1)
        of_table = lambda table, ids: ops.take(ops.cast(table, self.compute_dtype), ids, axis=0)
        return of_table(self.embedding, tokens) + of_table(self.positions, positions)

    def _read(self, hidden):
        hidden = ops.cast(self.final_norm(hidden), "float32")
        return ops.matmul(hidden, ops.transpose(self.embedding))[..., : self.num_outputs]

    def _read_one(self, hidden):
        """Returns the same for one step (batch, dim), with the whole table in its own layout."""
        hidden = ops.cast(self.final_norm(hidden), "float32")
        logits = ops.transpose(ops.matmul(self.embedding, ops.transpose(hidden)))
        return logits[:, : self.num_outputs]


class _Block(keras.layers.Layer):
    """Attention over the outputs so far, over the memory, and a feed-forward part."""

    def __init__(self, dim, num_heads, hidden, activation_name, epsilon, dropout, **kwargs):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        norm = lambda name: LayerNorm(epsilon, dtype=policy, name=name)
        attention = lambda: MultiHeadAttention(
            dim, num_heads, input_bias=True, key_bias=False, output_bias=True, dtype=policy
        )
        self.own_norm, self.memory_norm = norm("own_norm"), norm("memory_norm")
        self.feedforward_norm = norm("feedforward_norm")
        self.own, self.memory = attention(), attention()
        self.widen, self.narrow = Dense(hidden, dtype=policy), Dense(dim, dtype=policy)
        self.dim, self.hidden, self.activation = dim, hidden, activation(activation_name)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, tokens_shape, memory_shape):
        for layer in (self.own_norm, self.memory_norm, self.feedforward_norm, self.own, self.widen):
            layer.build(tokens_shape)
        self.memory.build(tokens_shape, memory_shape)
        self.narrow.build((None, None, self.hidden))
        self.built = True

    def call(self, tokens, own, recalled, memory_mask, training=None, with_weights=False):
        normal = self.own_norm(tokens)
        cache = self.own.keys_and_values(normal)
        found = self.own.gather(normal, *cache, own[:, None], training=training)
        tokens = tokens + self.drop(found, training=training)
        normal, seen = self.memory_norm(tokens), memory_mask[:, None, None]
        found = self.memory.gather(normal, *recalled, seen, training=training)
        tokens = tokens + self.drop(found, training=training)
        tokens = tokens + self.drop(self._feed(tokens), training=training)
        if with_weights:
            return tokens, cache, self.memory.head_weights(normal, recalled[0], seen)
        return tokens, cache

    def step(self, tokens, cache, here, past, recalled, memory_mask, rows_each):
        normal = self.own_norm(tokens)
        new = self.own.keys_and_values(normal)
        key, value = (
            ops.where(here[None, None, :, None], one, all_)
            for one, all_ in zip(new, cache, strict=True)
        )
        tokens = tokens + self.own.gather(normal, key, value, past[:, None, None])
        # Sequences of one row look at the same memory: it is read once for all of them.
        asking = ops.reshape(self.memory_norm(tokens), (-1, rows_each, self.dim))
        found = self.memory.gather(asking, *recalled, memory_mask[:, None, None])
        tokens = tokens + ops.reshape(found, (-1, 1, self.dim))
        return tokens + self._feed(tokens), (key, value)

    def _feed(self, tokens):
        return self.narrow(self.activation(self.widen(self.feedforward_norm(tokens))))


def _room(kept, length):
    """Returns empty keys and values (batch, heads, length, size) like those of a memory."""
    return tuple(_longer(leaf[:, :, :0], length) for leaf in kept)


def _longer(leaf, length):
    """Returns (batch, heads, time + length, size) with room for further steps."""
    return ops.pad(leaf, ((0, 0), (0, 0), (0, length), (0, 0)))
