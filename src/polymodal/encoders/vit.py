"""A transformer over the patches of a picture."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide, repeat_mask
from polymodal.layers.parts import Encoder
from polymodal.layers.positions import LearnedPositions
from polymodal.layers.stochastic_depth import depth_rates
from polymodal.layers.transformer_block import TransformerBlock

__all__ = ["ViT"]


class ViT(Encoder):
    """Vision transformer: attention between the patches of a picture.

    Args:
        dim: int, width of the tokens.
        num_layers: int, transformer blocks.
        num_heads: int.
        patch_size: int, side of a patch in pixels; None for about 8 patches a side, of 4 to 16
            pixels.
        dropout: float.
        stochastic_depth: float, share of the rows that skip the last block in training (Huang et
            al. 2016); fewer skip those before it.

    Call arguments:
        inputs: (batch, height, width, channels).
        mask: bool (batch,).

    Returns:
        (tokens (batch, patches, dim), mask (batch, patches)).

    Raises:
        RecipeError: a picture smaller than a patch.

    Source: Dosovitskiy et al., "An image is worth 16x16 words", 2021, without the class token:
    later parts pool or attend to all patches.
    """

    behind_blocks = ("norm",)

    def __init__(
        self,
        dim: int = 128,
        num_layers: int = 4,
        num_heads: int = 4,
        patch_size: int | None = None,
        dropout: float = 0.1,
        stochastic_depth: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim, self.patch_size = dim, patch_size
        policy = self.dtype_policy
        self.blocks = [
            TransformerBlock(dim, num_heads, dropout=dropout, stochastic_depth=rate, dtype=policy)
            for rate in depth_rates(stochastic_depth, num_layers)
        ]
        self.norm = LayerNorm(dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, inputs_shape):
        height, width = inputs_shape[1:3]
        side = self.patch_size or max(4, min(16, max(height, width) // 8))
        if side > min(height, width):
            raise RecipeError(
                f"ViT needs pictures of at least one patch. Got {height}x{width} pixels and "
                f"patch_size={side}. Pass patch_size={min(height, width)} or less."
            )
        self.patches = keras.layers.Conv2D(
            self.dim, side, strides=side, padding="same", dtype=self.dtype_policy, name="patches"
        )
        self.patches.build(inputs_shape)
        self.grid = -(-height // side), -(-width // side)  # patches down and across, row by row
        self.num_tokens = self.grid[0] * self.grid[1]
        shape = (None, self.num_tokens, self.dim)
        self.positions = LearnedPositions(self.num_tokens, dtype=self.dtype_policy)
        for layer in (self.positions, *self.blocks, self.norm):
            layer.build(shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        tokens = ops.reshape(self.patches(inputs), (-1, self.num_tokens, self.dim))
        tokens = self.drop(self.positions(tokens), training=training)
        mask = repeat_mask(mask, self.num_tokens)
        for block in self.blocks:
            tokens = block(tokens, mask, training=training)
        return hide(self.norm(tokens), mask), mask
