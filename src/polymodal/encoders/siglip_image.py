"""The image encoder of SigLIP."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.encoder_block import EncoderBlock
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide, repeat_mask
from polymodal.layers.parts import Encoder
from polymodal.layers.probe_pooling import ProbePooling

__all__ = ["SiglipImage"]

_POOLINGS = ("none", "probe")


class SiglipImage(Encoder):
    """Transformer over the patches of an image, without a class token: a learned query pools them.

    Args:
        width: int, of the tokens.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        patch_size: int, side of a patch in pixels.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        pooling: str, none or probe: all patches, or the vector of the learned query.
        dropout: float.

    Call arguments:
        inputs: (batch, height, width, channels).
        mask: bool (batch,).

    Returns:
        (tokens (batch, patches, width), mask (batch, patches)); one token for each image with the
        pooling "probe".

    Raises:
        RecipeError: an unknown pooling or activation, or an image smaller than a patch.

    Source: Zhai et al., "Sigmoid loss for language image pre-training", 2023; Tschannen et al.,
    "SigLIP 2", 2025.
    """

    def __init__(self, width: int = 768, num_layers: int = 12, num_heads: int = 12,
                 hidden: int = 3072, patch_size: int = 16, activation: str = "gelu_pytorch_tanh",
                 epsilon: float = 1e-6, pooling: str = "probe", dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        if pooling not in _POOLINGS:
            raise RecipeError(f'SiglipImage needs pooling {", ".join(_POOLINGS)}. Got "{pooling}". '
                              "Use one of these.")
        policy = self.dtype_policy
        self.width, self.patch_size = width, patch_size
        self.patches = keras.layers.Conv2D(width, patch_size, strides=patch_size, dtype=policy,
                                           name="patches")
        self.blocks = [
            EncoderBlock(width, num_heads, hidden, activation, epsilon, norm_first=True,
                         dropout=dropout, dtype=policy)
            for _ in range(num_layers)
        ]
        self.norm = LayerNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.pool = None
        if pooling == "probe":
            self.pool = ProbePooling(width, num_heads, hidden, activation, epsilon, dtype=policy)

    def build(self, inputs_shape):
        down, across = (side // self.patch_size for side in inputs_shape[1:3])
        if down < 1 or across < 1:
            raise RecipeError(
                f"SiglipImage needs images of at least one patch of {self.patch_size} pixels. Got "
                f"{inputs_shape[1]}x{inputs_shape[2]}. Pass a larger size.")
        self.patches.build(inputs_shape)
        self.num_patches = self.num_tokens = down * across
        shape = (None, self.num_patches, self.width)
        self.positions = self.add_weight(
            name="positions", shape=shape[1:],
            initializer=keras.initializers.RandomNormal(stddev=0.02))
        for layer in (*self.blocks, self.norm):
            layer.build(shape)
        if self.pool is not None:
            self.pool.build(shape)
            self.num_tokens = 1
        self.built = True

    def call(self, inputs, mask, training=None):
        tokens = self.hidden_states(inputs, training)
        if self.pool is not None:
            tokens = self.pool(tokens)
        mask = repeat_mask(mask, self.num_tokens)
        return hide(tokens, mask), mask

    def hidden_states(self, inputs, training=None):
        """Returns the normalised tokens of the last block, (batch, patches, width)."""
        tokens = ops.reshape(self.patches(inputs), (-1, self.num_patches, self.width))
        tokens = tokens + ops.cast(self.positions, tokens.dtype)
        tokens = self.drop(tokens, training=training)
        everything = ops.ones((ops.shape(tokens)[0], self.num_patches), dtype="bool")
        for block in self.blocks:
            tokens = block(tokens, everything, training=training)
        return self.norm(tokens)
