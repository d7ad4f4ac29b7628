"""Fusion by attention over the tokens of all modalities."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.parts import Fusion
from polymodal.layers.stochastic_depth import depth_rates
from polymodal.layers.transformer_block import TransformerBlock
from polymodal.layers.vector_fusion import check_streams

__all__ = ["AttentionFusion"]


class AttentionFusion(Fusion):
    """Concatenates the tokens of all modalities into one sequence with full self-attention.

    Every token gets a learned embedding of its modality. A missing modality has no tokens.

    Args:
        dim: int, width of the streams and of the result; divisible by `num_heads`.
        num_layers: int, number of transformer blocks.
        num_heads: int, attention heads of a block.
        dropout: float, rate inside the blocks.
        stochastic_depth: float, share of the rows that skip the last block in training (Huang et
            al. 2016); fewer skip those before it.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}, times may differ.

    Returns:
        (tokens (batch, sum of times, dim), mask), in the order of the sorted names.

    Raises:
        RecipeError: a stream of another width.

    Source: one sequence for all modalities as in VisualBERT, Li et al. 2019,
    https://arxiv.org/abs/1908.03557, section 3.2.
    """

    in_one_sequence = True  # the tokens of all inputs are concatenated

    def __init__(
        self,
        dim: int,
        num_layers: int = 2,
        num_heads: int = 4,
        dropout: float = 0.1,
        stochastic_depth: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim = dim
        policy = self.dtype_policy
        self.blocks = [
            TransformerBlock(dim, num_heads, dropout=dropout, stochastic_depth=rate, dtype=policy)
            for rate in depth_rates(stochastic_depth, num_layers)
        ]
        self.output_norm = LayerNorm(dtype=policy)

    def build(self, streams_shape):
        self.names = check_streams(type(self).__name__, streams_shape, self.dim)
        self.norms = {name: LayerNorm(dtype=self.dtype_policy) for name in self.names}
        self.marks = self.add_weight(
            name="marks",
            shape=(len(self.names), self.dim),
            initializer=keras.initializers.RandomNormal(stddev=0.1),
        )
        for layer in (*self.norms.values(), *self.blocks, self.output_norm):
            layer.build((None, None, self.dim))
        self.built = True

    def call(self, streams, training=None):
        tokens = ops.concatenate(
            [self._marked(i, *streams[name]) for i, name in enumerate(self.names)], axis=1
        )
        mask = ops.concatenate([streams[name][1] for name in self.names], axis=1)
        for block in self.blocks:
            tokens = block(tokens, mask, training=training)
        return self.output_norm(tokens), mask

    def _marked(self, index, tokens, mask):
        tokens = self.norms[self.names[index]](hide(tokens, mask))
        return tokens + ops.cast(self.marks[index], tokens.dtype)
