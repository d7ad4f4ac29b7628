"""The image encoder of CLIP."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.encoder_block import EncoderBlock
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide, repeat_mask
from polymodal.layers.parts import Encoder

__all__ = ["ClipImage"]

_POOLINGS = ("none", "first")


class ClipImage(Encoder):
    """Transformer over the patches of an image, normalised before its first block too.

    Args:
        inner_width: int, of the tokens inside.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        patch_size: int, side of a patch in pixels.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        pooling: str, none or first: all tokens, or the class token.
        projection: int, width that the result is projected to; 0 leaves it.
        dropout: float.

    Call arguments:
        inputs: (batch, height, width, channels).
        mask: bool (batch,).

    Returns:
        (tokens (batch, 1 + patches, width), mask (batch, 1 + patches)), the class token first; one
        token for each image with the pooling "first".

    Raises:
        RecipeError: an unknown pooling or activation, or an image smaller than a patch.

    Source: Radford et al., "Learning transferable visual models from natural language supervision",
    2021, section 2.4.
    """

    def __init__(self, inner_width: int = 768, num_layers: int = 12, num_heads: int = 12,
                 hidden: int = 3072, patch_size: int = 32, activation: str = "quick_gelu",
                 epsilon: float = 1e-5, pooling: str = "first", projection: int = 0,
                 dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        if pooling not in _POOLINGS:
            raise RecipeError(f'ClipImage needs pooling {", ".join(_POOLINGS)}. Got "{pooling}". '
                              "Use one of these.")
        policy = self.dtype_policy
        self.inner_width, self.width = inner_width, projection or inner_width
        self.patch_size, self.pooling = patch_size, pooling
        self.patches = keras.layers.Conv2D(inner_width, patch_size, strides=patch_size,
                                           use_bias=False, dtype=policy, name="patches")
        self.input_norm = LayerNorm(epsilon, dtype=policy)
        self.blocks = [
            EncoderBlock(inner_width, num_heads, hidden, activation, epsilon, norm_first=True,
                         dropout=dropout, dtype=policy)
            for _ in range(num_layers)
        ]
        self.norm = LayerNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.projection = None
        if projection:
            self.projection = keras.layers.Dense(projection, use_bias=False, dtype=policy)

    def build(self, inputs_shape):
        down, across = (side // self.patch_size for side in inputs_shape[1:3])
        if down < 1 or across < 1:
            raise RecipeError(
                f"ClipImage needs images of at least one patch of {self.patch_size} pixels. Got "
                f"{inputs_shape[1]}x{inputs_shape[2]}. Pass a larger size.")
        self.patches.build(inputs_shape)
        self.num_patches = down * across
        self.num_tokens = 1 + self.num_patches
        shape = (None, self.num_tokens, self.inner_width)
        small = keras.initializers.RandomNormal(stddev=0.02)
        self.first = self.add_weight(name="first", shape=(1, self.inner_width), initializer=small)
        self.positions = self.add_weight(name="positions", shape=shape[1:], initializer=small)
        for layer in (self.input_norm, *self.blocks, self.norm):
            layer.build(shape)
        if self.projection is not None:
            self.projection.build(shape)
        if self.pooling == "first":
            self.num_tokens = 1
        self.built = True

    def call(self, inputs, mask, training=None):
        tokens = self.hidden_states(inputs, training)
        if self.pooling == "first":
            tokens = tokens[:, :1]
        tokens = self.norm(tokens)
        if self.projection is not None:
            tokens = self.projection(tokens)
        mask = repeat_mask(mask, self.num_tokens)
        return hide(tokens, mask), mask

    def hidden_states(self, inputs, training=None):
        """Returns the last block's tokens (batch, 1 + patches, inner width), not normalised."""
        patches = self.patches(inputs)
        patches = ops.reshape(patches, (-1, self.num_patches, self.inner_width))
        rows = ops.shape(patches)[0]
        first = ops.broadcast_to(ops.cast(self.first, patches.dtype)[None],
                                 (rows, 1, self.inner_width))
        tokens = ops.concatenate([first, patches], axis=1)
        tokens = self.input_norm(tokens + ops.cast(self.positions, tokens.dtype))
        tokens = self.drop(tokens, training=training)
        everything = ops.ones((rows, 1 + self.num_patches), dtype="bool")
        for block in self.blocks:
            tokens = block(tokens, everything, training=training)
        return tokens
