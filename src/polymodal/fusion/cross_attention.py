"""Fusion by attention from each modality to each other one."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.modality_dropout import present
from polymodal.layers.parts import Fusion
from polymodal.layers.transformer_block import TransformerBlock
from polymodal.layers.vector_fusion import check_streams

__all__ = ["CrossAttentionFusion"]


class CrossAttentionFusion(Fusion):
    """Lets the tokens of each modality attend to those of each other one, pair by pair.

    The results for a modality are joined, added to its tokens, and followed by self-attention
    within it. A missing modality adds exactly zero.

    Args:
        dim: int, width of the streams and of the result; divisible by `num_heads`.
        num_heads: int, attention heads of a block.
        dropout: float, rate inside the blocks.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}, times may differ.

    Returns:
        (tokens (batch, sum of times, dim), mask), in the order of the sorted names.

    Raises:
        RecipeError: a stream of another width.

    Source: Tsai et al. 2019, https://arxiv.org/abs/1906.00295, section 3. Theirs keeps only the
    last token of each modality; here the head pools all of them.
    """

    in_one_sequence = True  # the tokens of all inputs are concatenated

    def __init__(self, dim: int, num_heads: int = 4, dropout: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        self.dim, self.num_heads, self.rate = dim, num_heads, dropout
        self.output_norm = LayerNorm(dtype=self.dtype_policy)

    def build(self, streams_shape):
        self.names = check_streams(type(self).__name__, streams_shape, self.dim)
        shape = (None, None, self.dim)
        self.norms = {name: LayerNorm(dtype=self.dtype_policy) for name in self.names}
        self.within = {name: self._block() for name in self.names}
        for layer in (*self.norms.values(), *self.within.values(), self.output_norm):
            layer.build(shape)
        self.across, self.joins = {}, {}
        for name in self.names if len(self.names) > 1 else ():
            self.across[name] = {n: self._block(cross=True) for n in self.names if n != name}
            for block in self.across[name].values():
                block.build(shape, shape)
            self.joins[name] = keras.layers.Dense(self.dim, use_bias=False, dtype=self.dtype_policy)
            self.joins[name].build((None, None, (len(self.names) - 1) * self.dim))
        self.built = True

    def call(self, streams, training=None):
        normed = {
            name: (self.norms[name](hide(*streams[name])), streams[name][1]) for name in self.names
        }
        tokens = [self._read(name, normed, training) for name in self.names]
        mask = ops.concatenate([normed[name][1] for name in self.names], axis=1)
        return self.output_norm(ops.concatenate(tokens, axis=1)), mask

    def _read(self, name, streams, training):
        tokens, mask = streams[name]
        if name in self.across:
            read = [
                hide(
                    block(tokens, mask, *streams[other], training=training),
                    present(streams[other][1]),
                )
                for other, block in self.across[name].items()
            ]
            tokens = tokens + self.joins[name](ops.concatenate(read, axis=-1))
        return self.within[name](tokens, mask, training=training)

    def _block(self, cross=False):
        return TransformerBlock(
            self.dim, self.num_heads, dropout=self.rate, cross=cross, dtype=self.dtype_policy
        )
