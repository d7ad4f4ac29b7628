"""Crossmodal transformers over the utterances of a video (MulT), one token for each step."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from polymodal.layers.alignment import align, check_alignment
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.modality_dropout import present
from polymodal.layers.parts import Fusion
from polymodal.layers.transformer_block import TransformerBlock
from polymodal.layers.vector_fusion import check_streams

__all__ = ["CrossmodalFusion"]


class CrossmodalFusion(Fusion):
    """Lets each modality read every other one through crossmodal transformers, then itself, and
    joins them step by step.

    Args:
        dim: int, even width of the streams and of the result; divisible by `num_heads`.
        num_layers: int, blocks of each transformer.
        num_heads: int, attention heads of a block.
        dropout: float, rate inside the blocks and on the joined tokens.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}, times may differ.

    Returns:
        (tokens (batch, time, dim), mask (batch, time)); a step is real where any stream is.

    Raises:
        RecipeError: a stream of another width.

    Source: Tsai et al. 2019, https://aclanthology.org/P19-1656, sections 3.2 and 3.3. Theirs reads
    the words and frames of one utterance and keeps the last token of each modality. Ours reads the
    utterances of a video, so every step keeps its tokens, which are joined by a projection. Theirs
    convolves each stream first; here encoders give streams of one width. Of one input alone, and of
    a missing one, nothing is read.
    """

    def __init__(
        self, dim: int, num_layers: int = 2, num_heads: int = 4, dropout: float = 0.1, **kwargs
    ):
        super().__init__(**kwargs)
        self.dim, self.num_layers, self.num_heads, self.rate = dim, num_layers, num_heads, dropout
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.project = keras.layers.Dense(dim, dtype=self.dtype_policy)

    def build(self, streams_shape):
        self.names = check_streams(type(self).__name__, streams_shape, self.dim)
        check_alignment(type(self).__name__, "stretch", None, self.names)
        shape, others = (None, None, self.dim), max(1, len(self.names) - 1)
        self.norms = {name: LayerNorm(dtype=self.dtype_policy) for name in self.names}
        self.within = {name: self._blocks(cross=False) for name in self.names}
        self.across = {
            name: {other: self._blocks(cross=True) for other in self.names if other != name}
            for name in self.names
        }
        self.joins = {
            name: keras.layers.Dense(self.dim, use_bias=False, dtype=self.dtype_policy)
            for name in self.names
            if self.across[name]
        }
        for name in self.names:
            self.norms[name].build(shape)
            for block in self.within[name]:
                block.build(shape)
            for block in (one for blocks in self.across[name].values() for one in blocks):
                block.build(shape, shape)
            if name in self.joins:
                self.joins[name].build((None, None, others * self.dim))
        self.project.build((None, None, len(self.names) * self.dim))
        self.built = True

    def call(self, streams, training=None):
        streams = align({name: streams[name] for name in self.names}, "stretch", None)
        placed = {
            name: (self._placed(name, *streams[name]), streams[name][1]) for name in self.names
        }
        read = [self._read(name, placed, training) for name in self.names]
        mask = ops.any(ops.stack([placed[name][1] for name in self.names], axis=-1), axis=-1)
        joined = ops.concatenate(read, axis=-1)  # (batch, time, modalities * dim)
        return hide(self.project(self.drop(joined, training=training)), mask), mask

    def _placed(self, name, tokens, mask):
        """Returns tokens with their positions, without which nothing says what was at one time."""
        tokens = self.norms[name](hide(tokens, mask))
        steps = ops.arange(ops.shape(tokens)[1], dtype="float32")[:, None]
        rates = np.exp(-np.log(10_000.0) * np.arange(0, self.dim, 2) / self.dim)
        angles = steps * ops.convert_to_tensor(rates[None].astype("float32"))
        waves = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)[:, : self.dim]
        return hide(tokens + ops.cast(waves[None], tokens.dtype), mask)

    def _read(self, name, streams, training):
        """Returns the tokens of one modality after it has read the others and itself."""
        tokens, mask = streams[name]
        found = []
        for other, blocks in self.across[name].items():
            reading = tokens
            for block in blocks:
                reading = block(reading, mask, *streams[other], training=training)
            found.append(hide(reading - tokens, present(streams[other][1])))
        if found:
            tokens = tokens + self.joins[name](ops.concatenate(found, axis=-1))
        for block in self.within[name]:
            tokens = block(tokens, mask, training=training)
        return hide(tokens, mask)

    def _blocks(self, cross):
        return [
            TransformerBlock(
                self.dim, self.num_heads, dropout=self.rate, cross=cross, dtype=self.dtype_policy
            )
            for _ in range(self.num_layers)
        ]
