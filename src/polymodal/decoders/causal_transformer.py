"""The decoder-only transformer of published language models; its memory is read as a prompt."""

from __future__ import annotations

from functools import partial

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.decoders._causal_block import WAVE_BASE, CausalBlock, turning
from polymodal.layers.dense import Dense
from polymodal.layers.engines.one_for_all import by_xla, one_for_all
from polymodal.layers.rms_norm import RMSNorm
from polymodal.layers.starts import known, same_sequence

__all__ = ["CausalTransformer", "positions_of"]


class CausalTransformer(keras.layers.Layer):
    """Emits outputs by self-attention alone: what it decodes comes before them, like a prompt.

    Positions count real tokens only, so padding on either side changes nothing.

    Args:
        dim: int, width.
        num_outputs: int, number of output ids. Id `num_outputs` exists as an input only, where
            `has_start` is set.
        num_layers: int, blocks.
        num_heads: int, heads of queries.
        num_key_heads: int, heads of keys and values; None for `num_heads`.
        head_dim: int, size of a head; None for `dim / num_heads`.
        hidden: int, width of the feed-forward part; None for `8/3 dim`.
        activation: str, of its gates; a name of `layers.activations`.
        epsilon: float, of normalisation.
        input_bias: bool, whether queries, keys and values have biases.
        output_bias: bool, whether the result of attention has one.
        feedforward_bias: bool, whether the feed-forward part has biases.
        head_norms: bool, whether queries and keys are normalised, head by head.
        tied: bool, whether the embedding table, transposed, is also the last layer.
        rates: list of floats, the angle that each pair of features of a head turns per position;
            None for those of RoFormer.
        rotary_scale: float, what turned queries and keys are multiplied by.
        windows: list of ints, one a block: positions that it sees, its own included; 0 = all. None
            for all in every block.
        window_rates: list of floats, `rates` of blocks that have a window; None for the same.
        query_scale: float, what attention scores are multiplied by; None for 1 / sqrt(head_dim).
        result_norms: bool, whether each part of a block is also normalised after it, before it is
            added.
        embedding_scale: float, what embeddings are multiplied by.
        has_start: bool, whether there is a start token, with which another sequence begins.
        dropout: float, rate on each residual branch of a block, and on the embedding.

    Call arguments:
        tokens: int32 (batch, steps). Negative ones are unknown, and count as a start.
        memory: (batch, time, any dim), what comes first; of width `dim` it is taken as it is.
        memory_mask: bool (batch, time).

    Returns:
        float32 logits (batch, steps, num_outputs), equal to those of repeated `step`.

    Raises:
        RecipeError: heads or windows that do not fit together.

    Source: Touvron et al., "LLaMA", 2023, section 2.2; sliding windows: Jiang et al., "Mistral 7B",
    2023; norms of heads: Yang et al., "Qwen3 technical report", 2025; norms of results, and angles
    by window: "Gemma 3 technical report", 2025.

    Example:

    >>> from keras import ops
    >>> decoder = CausalTransformer(8, num_outputs=5, num_heads=2)
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
        num_key_heads: int | None = None,
        head_dim: int | None = None,
        hidden: int | None = None,
        activation: str = "silu",
        epsilon: float = 1e-6,
        input_bias: bool = False,
        output_bias: bool = False,
        feedforward_bias: bool = False,
        head_norms: bool = False,
        tied: bool = True,
        rates: list[float] | None = None,
        rotary_scale: float = 1.0,
        windows: list[int] | None = None,
        window_rates: list[float] | None = None,
        query_scale: float | None = None,
        result_norms: bool = False,
        embedding_scale: float = 1.0,
        has_start: bool = True,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim, self.num_outputs, self.tied, self.has_start = dim, num_outputs, tied, has_start
        self.windows = [0] * num_layers if windows is None else list(windows)
        if len(self.windows) != num_layers:
            raise RecipeError(
                f"CausalTransformer needs a window for each of its {num_layers} "
                f"blocks. Got {len(self.windows)}. Leave windows out for none."
            )
        self.embedding_scale = embedding_scale
        head_dim = head_dim or dim // num_heads
        if rates is None:
            rates = [WAVE_BASE ** (-2 * pair / head_dim) for pair in range(head_dim // 2)]
        policy = self.dtype_policy
        self.blocks = [
            CausalBlock(
                dim,
                hidden or 8 * dim // 3,
                activation,
                epsilon,
                feedforward_bias,
                dropout,
                {
                    "num_heads": num_heads,
                    "num_key_heads": num_key_heads or num_heads,
                    "head_dim": head_dim,
                    "input_bias": input_bias,
                    "output_bias": output_bias,
                    "head_norms": head_norms,
                    "query_scale": query_scale,
                    **turning(window, rates, rotary_scale, window_rates),
                },
                result_norms,
                dtype=policy,
                name=f"block_{i}",
            )
            for i, window in enumerate(self.windows)
        ]
        self.final_norm = RMSNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.memory_projection = None

    def build(self, tokens_shape, memory_shape=None):
        table = lambda name, rows: self.add_weight(
            name=name,
            shape=(rows, self.dim),
            autocast=False,
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        self.embedding = table("embedding", self.num_outputs + self.has_start)
        self.head = None
        if not self.tied:
            self.head = table("head", self.num_outputs)
        if memory_shape is not None and memory_shape[-1] != self.dim:
            self.memory_projection = Dense(self.dim, dtype=self.dtype_policy)
            self.memory_projection.build(memory_shape)
        for layer in (*self.blocks, self.final_norm):
            layer.build((None, None, self.dim))
        self.built = True

    def call(self, tokens, memory, memory_mask, training=None):
        tokens = known(tokens, self.num_outputs)
        hidden = ops.concatenate([self._projected(memory), self.embed(tokens)], axis=1)
        real = ops.concatenate([memory_mask, ops.ones_like(tokens, dtype="bool")], axis=1)
        prompt = ops.shape(memory)[1]
        hidden = self._run(hidden, real, self._together(tokens, prompt), training)
        return self._read(hidden[:, prompt:])

    def logits(self, ids, mask):
        """Returns float32 logits (batch, time, num_outputs) after each token of whole texts.

        Args:
            ids: int32 (batch, time).
            mask: bool (batch, time), which of them are real. Those of padding mean nothing.
        """
        return self._read(self._run(self.embed(ids), mask, None, False))

    def embed(self, ids):
        """Returns the embeddings (batch, time, dim) of ids: a prompt, as `memory` takes it."""
        found = ops.take(ops.cast(self.embedding, self.compute_dtype), ids, axis=0)
        if self.embedding_scale == 1.0:
            return found
        return found * self.embedding_scale

    def initial_state(self, memory, memory_mask, max_length):
        """Returns the state before the first step: every leaf has the batch first.

        Args:
            memory, memory_mask: as for `call`.
            max_length: int, most steps that will be done.
        """
        return self._begun(*self.read_prompt(memory, memory_mask), max_length)

    def read_prompt(self, memory, memory_mask, before=None, through=None):
        """Returns positions (batch, slots), -1 for padding, and keys and values of all slots, by
        block.

        Args:
            memory, memory_mask: as for `call`.
            before: the same of what was read before and the memory continues; None for nothing.
            through: function (block, *arguments) that calls a block; None calls it as it is.
        """
        hidden, positions = self._projected(memory), positions_of(memory_mask)
        places, known = ops.where(memory_mask, positions, -1), [None] * len(self.blocks)
        if before is not None:
            old, known = before
            positions = positions + ops.sum(ops.cast(old >= 0, "int32"), axis=1, keepdims=True)
            places = ops.concatenate([old, ops.where(memory_mask, positions, -1)], axis=1)
        through, caches = through or CausalBlock.__call__, []
        allowed = self._allowed(positions, places)
        for block, seen, past in zip(self.blocks, allowed, known, strict=True):
            hidden, cache = through(block, hidden, positions, seen, past)
            caches.append(cache)
        return places, tuple(caches)

    def _begun(self, places, caches, max_length):
        free = ops.zeros_like(places[:, :1]) + ops.zeros((1, max_length), "int32") - 1
        caches = tuple(tuple(_longer(leaf, max_length) for leaf in cache) for cache in caches)
        length = ops.sum(ops.cast(places >= 0, "int32"), axis=1)
        return ops.zeros_like(length), length, ops.concatenate([places, free], axis=1), caches

    def step(self, tokens, state, memory, memory_mask):
        """Does one step; all rows have done the same number of them.

        Args:
            tokens: int32 (batch,), previous outputs.
            state: what `initial_state` or the previous step returned.
            memory, memory_mask: not used: the state holds keys and values.

        Returns:
            (logits (batch, num_outputs), state)
        """
        done, length, places, caches = state
        tokens = known(tokens, self.num_outputs)
        slots = ops.arange(places.shape[1] or ops.shape(places)[1], dtype="int32")
        prompt = ops.shape(memory_mask)[1]
        if self.has_start:  # another sequence begins: the tokens of the one before are not seen
            begins = (tokens == self.num_outputs)[:, None]
            places = ops.where(ops.logical_and(begins, slots >= prompt), -1, places)
        here = slots == done[0] + prompt
        positions = (length + done)[:, None]  # (batch, 1)
        places = ops.where(here, positions, places)
        hidden, found = self.embed(tokens[:, None]), []
        allowed = self._allowed(positions, places)
        for block, cache, seen in zip(self.blocks, caches, allowed, strict=True):
            hidden, cache = block.step(hidden, positions, seen, cache, here)
            found.append(cache)
        return self.read_one(hidden[:, 0]), (done + 1, length, places, tuple(found))

    def step_near(self, tokens, near, far, through=None, read=None):
        """Does one step as `step` does it, without a start among its tokens, and writes keys and
        values into a small part only: `far`, what came before it, stays as it is.

        Args:
            tokens: int32 (batch,), previous outputs.
            near, far: positions (batch, slots), -1 in free slots, and keys and values by block.
                `near` has a free slot.
            through: function (block, *arguments) that does a block's step; None for its own.
            read: function that does what `read_one` does; None for that.

        Returns:
            (logits (batch, num_outputs), near)
        """
        places, caches = near
        here = ops.arange(places.shape[1], dtype="int32") == ops.sum(
            ops.cast(places[0] >= 0, "int32")
        )
        seen = ops.concatenate([far[0], places], axis=1)
        positions = ops.max(seen, axis=1, keepdims=True) + 1
        places = ops.where(here, positions, places)
        hidden, found = self.embed(known(tokens, self.num_outputs)[:, None]), []
        allowed = self._allowed(positions, ops.concatenate([far[0], places], axis=1))
        through = through or CausalBlock.step
        for block, cache, seen, past in zip(self.blocks, caches, allowed, far[1], strict=True):
            hidden, cache = through(block, hidden, positions, seen, cache, here, past)
            found.append(cache)
        return (read or self.read_one)(hidden[:, 0]), (places, tuple(found))

    def by_one_program(self):
        """Returns `read_prompt` and `step_near` whose blocks the engine compiles once for all."""
        prompt = one_for_all(CausalBlock.__call__, CausalBlock.kind)
        step = one_for_all(CausalBlock.step, CausalBlock.kind, xla=True)
        read = by_xla(self.read_one)
        return partial(self.read_prompt, through=prompt), partial(
            self.step_near, through=step, read=read
        )

    def _run(self, hidden, real, together, training, positions=None):
        hidden = self.drop(hidden, training=training)
        if positions is None:
            positions = positions_of(real)
        places = ops.where(real, positions, -1)
        for block, seen in zip(self.blocks, self._allowed(positions, places), strict=True):
            if together is not None:
                seen = ops.logical_and(seen, together)
            hidden, _ = block(hidden, positions, seen, training=training)
        return hidden

    def _allowed(self, positions, places):
        """Returns for each block bool (batch, time, slots): what a position may see.

        Args:
            positions: int32 (batch, time), of the tokens that look.
            places: int32 (batch, slots), positions of what is seen; -1 for nothing.
        """
        back = positions[:, :, None] - places[:, None]
        past = ops.logical_and(places[:, None] >= 0, back >= 0)
        near = {
            window: ops.logical_and(past, back < window) if window else past
            for window in set(self.windows)
        }
        return [near[window] for window in self.windows]

    def _together(self, tokens, prompt):
        """Returns which steps belong to one sequence; all see the prompt. None without starts."""
        if not self.has_start:
            return None
        same = same_sequence(tokens, self.num_outputs)
        return ops.pad(same, ((0, 0), (prompt, 0), (prompt, 0)), constant_values=True)

    def _projected(self, memory):
        memory = ops.cast(memory, self.compute_dtype)
        if self.memory_projection is None:
            return memory
        return self.memory_projection(memory)

    def _table(self):
        if self.head is None:
            return self.embedding
        return self.head

    def _read(self, hidden):
        hidden = ops.cast(self.final_norm(hidden), "float32")
        return ops.matmul(hidden, ops.transpose(self._table()))[..., : self.num_outputs]

    def read_one(self, hidden):
        """Returns the same for one step (batch, dim), with the whole table in its own layout."""
        hidden = ops.cast(self.final_norm(hidden), "float32")
        logits = ops.transpose(ops.matmul(self._table(), ops.transpose(hidden)))
        return logits[:, : self.num_outputs]


def positions_of(mask):
    """Returns int32 (batch, time): how many real tokens came before each one."""
    return ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1


def _longer(leaf, length):
    """Returns (batch, heads, time + length, size) with room for further steps."""
    return ops.pad(leaf, ((0, 0), (0, 0), (0, length), (0, 0)))
