"""The transformer decoder: attends to all outputs so far and to its memory."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.attention import MultiHeadAttention
from polymodal.layers.feedforward import FeedForward
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.starts import known, same_sequence

__all__ = ["TransformerDecoder"]


class TransformerDecoder(keras.layers.Layer):
    """Emits any number of outputs, with self-attention over those so far and over the memory.

    The embedding table, transposed, is also the last layer (tied weights). At inference each step
    works on a cache of fixed shape, so that all steps cost the same.

    Args:
        dim: int, width; divisible by `num_heads`, heads of even size.
        num_outputs: int, number of output ids. Id `num_outputs` exists as an input only, for a
            start token that is never an output.
        num_layers: int, blocks.
        num_heads: int, attention heads.
        dropout: float, rate on each residual branch of a block, and on the embedding.

    Call arguments:
        tokens: int32 (batch, steps), the output before each step, the start first. Negative ones
        are unknown outputs, and count as a start. With each start another sequence
            begins, which knows nothing of those before it.
        memory: (batch, time, any dim), what it decodes.
        memory_mask: bool (batch, time).
        beside: (batch, steps, dim), added to the embeddings; None for nothing.

    Returns:
        float32 logits (batch, steps, num_outputs), equal to those of repeated `step`.

    Source: Vaswani et al., "Attention is all you need", 2017, section 3.1, normalised before each
    part; rotary positions, Su et al., "RoFormer", 2021; tied tables, Press and Wolf, 2017.

    Example:

    >>> from keras import ops
    >>> decoder = TransformerDecoder(8, num_outputs=5, num_heads=2)
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
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim, self.num_outputs = dim, num_outputs
        policy = self.dtype_policy
        self.blocks = [
            _Block(dim, num_heads, dropout, dtype=policy, name=f"block_{i}")
            for i in range(num_layers)
        ]
        self.memory_norm = LayerNorm(dtype=policy)
        self.final_norm = LayerNorm(dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, tokens_shape, memory_shape):
        self.embedding = self.add_weight(
            name="embedding",
            shape=(self.num_outputs + 1, self.dim),
            autocast=False,
            initializer=keras.initializers.RandomNormal(stddev=self.dim**-0.5),
        )
        self.bias = self.add_weight(
            name="bias", shape=(self.num_outputs,), initializer="zeros", autocast=False
        )
        self.memory_norm.build(memory_shape)
        for block in self.blocks:
            block.build((None, None, self.dim), memory_shape)
        self.final_norm.build((None, None, self.dim))
        self.built = True

    def call(self, tokens, memory, memory_mask, beside=None, training=None):
        memory, tokens = self.memory_norm(memory), known(tokens, self.num_outputs)
        hidden = self.drop(self._embed(tokens, beside), training=training)  # (batch, steps, dim)
        own = same_sequence(tokens, self.num_outputs)
        for block in self.blocks:
            hidden = block(hidden, own, memory, memory_mask, training=training)
        return self._read(hidden)

    def attention_weights(self, tokens, memory, memory_mask, beside=None):
        """Returns the attention weights of each step over the positions of the memory.

        Args:
            tokens, memory, memory_mask, beside: as for `call`.

        Returns:
            float32 (batch, steps, time): of the last block, the mean over its heads. Rows sum to 1
            over real positions, and to 0 where there is none.
        """
        memory, tokens = self.memory_norm(memory), known(tokens, self.num_outputs)
        hidden, own = self._embed(tokens, beside), same_sequence(tokens, self.num_outputs)
        for block in self.blocks[:-1]:
            hidden = block(hidden, own, memory, memory_mask, training=False)
        return self.blocks[-1].attention_weights(hidden, own, memory, memory_mask)

    def initial_state(self, memory, memory_mask, max_length):
        """Returns the state before the first step: every leaf has the batch first.

        Args:
            memory, memory_mask: as for `call`.
            max_length: int, most steps that will be done.
        """
        memory = self.memory_norm(memory)
        position = ops.zeros_like(memory_mask[:, 0], dtype="int32")
        caches = tuple(block.initial_state(memory, max_length) for block in self.blocks)
        return position, position, caches

    def step(self, tokens, state, memory, memory_mask, beside=None):
        """Does one step; all rows are at the same position.

        Args:
            tokens: int32 (batch,), previous outputs.
            state: what `initial_state` or the previous step returned.
            memory: not used: the state holds its keys and values.
            memory_mask: bool (batch, time).
            beside: (batch, 1, dim), as for `call`.

        Returns:
            (logits (batch, num_outputs), state)
        """
        position, first, caches = state
        tokens = known(tokens, self.num_outputs)
        first = ops.where(tokens == self.num_outputs, position, first)
        hidden, found = self._embed(tokens[:, None], beside), []
        for block, cache in zip(self.blocks, caches, strict=True):
            hidden, cache = block.step(hidden, cache, position[0], first, memory_mask)
            found.append(cache)
        return self._read_one(hidden[:, 0]), (position + 1, first, tuple(found))

    def _embed(self, tokens, beside):
        table = ops.cast(self.embedding, self.compute_dtype)
        embedded = ops.take(table, tokens, axis=0) * self.dim**0.5
        if beside is None:
            return embedded
        return embedded + beside

    def _read(self, hidden):
        hidden = ops.cast(self.final_norm(hidden), "float32")
        table = self.embedding[: self.num_outputs]  # float32, whatever the precision of the rest
        return ops.matmul(hidden, ops.transpose(table)) + self.bias

    def _read_one(self, hidden):
        """Returns the same for one step (batch, dim), with the whole table in its own layout:
        slicing and transposing it, cheap for many steps at once, would copy it at each step."""
        hidden = ops.cast(self.final_norm(hidden), "float32")
        logits = ops.transpose(ops.matmul(self.embedding, ops.transpose(hidden)))
        return logits[:, : self.num_outputs] + self.bias


class _Block(keras.layers.Layer):
    """Attention over the outputs so far, over the memory, and a feed-forward part."""

    def __init__(self, dim, num_heads, dropout, **kwargs):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        norm = lambda name: LayerNorm(dtype=policy, name=name)
        self.own_norm, self.memory_norm = norm("own_norm"), norm("memory_norm")
        self.feedforward_norm = norm("feedforward_norm")
        self.own = MultiHeadAttention(dim, num_heads, causal=True, rotary=True, dtype=policy)
        self.memory = MultiHeadAttention(dim, num_heads, dtype=policy)
        self.feedforward = FeedForward(dim, 4, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, tokens_shape, memory_shape):
        for layer in (
            self.own_norm,
            self.memory_norm,
            self.feedforward_norm,
            self.own,
            self.feedforward,
        ):
            layer.build(tokens_shape)
        self.memory.build(tokens_shape, memory_shape)
        self.built = True

    def attention_weights(self, tokens, own, memory, memory_mask):
        tokens = tokens + self.own(self.own_norm(tokens), own, training=False)
        return self.memory.attention_weights(self.memory_norm(tokens), memory, memory_mask)

    def call(self, tokens, own, memory, memory_mask, training=None):
        read = self.own(self.own_norm(tokens), own, training=training)
        tokens = tokens + self.drop(read, training=training)
        everywhere = ops.ones_like(tokens[..., 0], dtype="bool")
        read = self.memory(
            self.memory_norm(tokens), everywhere, memory, memory_mask, training=training
        )
        tokens = tokens + self.drop(read, training=training)
        changed = self.feedforward(self.feedforward_norm(tokens), training=training)
        return tokens + self.drop(changed, training=training)

    def initial_state(self, memory, max_length):
        key, value = self.memory.keys_and_values(ops.cast(memory, self.compute_dtype))
        rows, size = ops.shape(key)[0], key.shape[-1]
        empty = ops.zeros((rows, key.shape[1], max_length, size), key.dtype)
        return empty, empty, key, value

    def step(self, tokens, cache, position, first, memory_mask):
        keys, values, memory_keys, memory_values = cache
        normed = self.own_norm(tokens)
        key, value = self.own.keys_and_values(normed, position)
        places = ops.arange(keys.shape[2], dtype="int32")
        here = (places == position)[None, None, :, None]
        keys, values = ops.where(here, key, keys), ops.where(here, value, values)
        past = ops.logical_and(places <= position, places >= first[:, None])[:, None, None]
        tokens = tokens + self.own.gather(normed, keys, values, past, position)
        tokens = tokens + self.memory.gather(
            self.memory_norm(tokens), memory_keys, memory_values, memory_mask[:, None, None]
        )
        tokens = tokens + self.feedforward(self.feedforward_norm(tokens))
        return tokens, (keys, values, memory_keys, memory_values)
