"""A published transformer for images: ViT and its relatives."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.encoder_block import EncoderBlock
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide, repeat_mask
from polymodal.layers.parts import Encoder

__all__ = ["ImageTransformer"]

_POOLINGS = ("none", "first", "mean")


class ImageTransformer(Encoder):
    """Transformer over the patches of an image, in the variants of ViT and DINOv2.

    Args:
        width: int, of the tokens; a model projects them to its own.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        patch_size: int, side of a patch in pixels.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        input_bias: bool, whether queries, keys and values have biases.
        layer_scale: bool, whether each part's result has a learned gain per feature.
        gated: bool, whether the feed-forward parts are gated.
        pooling: str, none, first or mean: all tokens, the class token, or the mean of the patches.
        dropout: float.

    Call arguments:
        inputs: (batch, height, width, channels).
        mask: bool (batch,).

    Returns:
        (tokens (batch, 1 + patches, width), mask (batch, 1 + patches)), the class token first; with
        a pooling one token for each image.

    Raises:
        RecipeError: an unknown pooling or activation, or an image smaller than a patch.

    Source: Dosovitskiy et al., "An image is worth 16x16 words", 2021; Oquab et al., "DINOv2", 2023.
    """

    def __init__(self, width: int = 384, num_layers: int = 12, num_heads: int = 6,
                 hidden: int = 1536, patch_size: int = 16, activation: str = "gelu",
                 epsilon: float = 1e-12, input_bias: bool = True, layer_scale: bool = False,
                 gated: bool = False, pooling: str = "first", dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        if pooling not in _POOLINGS:
            raise RecipeError(f'ImageTransformer needs pooling {", ".join(_POOLINGS)}. Got '
                              f'"{pooling}". Use one of these.')
        policy = self.dtype_policy
        self.width = width
        self.patch_size, self.pooling = patch_size, pooling
        self.patches = keras.layers.Conv2D(width, patch_size, strides=patch_size, padding="valid",
                                           dtype=policy, name="patches")
        self.blocks = [
            EncoderBlock(width, num_heads, hidden, activation, epsilon, norm_first=True,
                         input_bias=input_bias, layer_scale=layer_scale, gated=gated,
                         dropout=dropout, dtype=policy)
            for _ in range(num_layers)
        ]
        self.norm = LayerNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, inputs_shape):
        down, across = (side // self.patch_size for side in inputs_shape[1:3])
        if down < 1 or across < 1:
            raise RecipeError(
                f"ImageTransformer needs images of at least one patch of {self.patch_size} pixels. "
                f"Got {inputs_shape[1]}x{inputs_shape[2]}. Pass a larger size.")
        self.patches.build(inputs_shape)
        self.num_patches = down * across
        self.num_tokens = 1 + self.num_patches
        shape = (None, self.num_tokens, self.width)
        small = keras.initializers.RandomNormal(stddev=0.02)
        self.first = self.add_weight(name="first", shape=(1, self.width), initializer=small)
        self.positions = self.add_weight(name="positions", shape=shape[1:], initializer=small)
        for layer in (*self.blocks, self.norm):
            layer.build(shape)
        if self.pooling != "none":
            self.num_tokens = 1
        self.built = True

    def call(self, inputs, mask, training=None):
        tokens = self.hidden_states(inputs, training)
        if self.pooling == "first":
            tokens = tokens[:, :1]
        elif self.pooling == "mean":
            tokens = ops.mean(tokens[:, 1:], axis=1, keepdims=True)
        mask = repeat_mask(mask, self.num_tokens)
        return hide(tokens, mask), mask

    def hidden_states(self, inputs, training=None):
        """Returns the normalised tokens of the last block, (batch, 1 + patches, width)."""
        patches = self.patches(inputs)
        patches = ops.reshape(patches, (-1, self.num_patches, self.width))
        rows = ops.shape(patches)[0]
        first = ops.broadcast_to(ops.cast(self.first, patches.dtype)[None], (rows, 1, self.width))
        tokens = ops.concatenate([first, patches], axis=1)
        tokens = tokens + ops.cast(self.positions, tokens.dtype)
        tokens = self.drop(tokens, training=training)
        everything = ops.ones((rows, 1 + self.num_patches), dtype="bool")
        for block in self.blocks:
            tokens = block(tokens, everything, training=training)
        return self.norm(tokens)
