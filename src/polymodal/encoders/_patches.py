"""What the published transformers over the patches of an image share."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.encoder_block import EncoderBlock
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.parts import Encoder

__all__ = ["PatchTransformer"]


class PatchTransformer(Encoder):
    """Patches with learned positions and transformer blocks; a subclass pools the tokens.

    Args:
        inner_width: int, of the tokens inside.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        patch_size: int, side of a patch in pixels.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        pooling: str, one of `poolings`; with "none" all tokens stay, with others one.
        dropout: float.
        patch_bias: bool, whether the map of patches to tokens has a bias.
        block: further settings of the blocks.

    Attributes:
        poolings: what a subclass offers.
        has_class_token: bool, whether a learned token stands before the patches.

    Raises:
        RecipeError: an unknown pooling or activation, or an image smaller than a patch.
    """

    poolings: ClassVar[tuple[str, ...]] = ("none",)
    has_class_token: ClassVar[bool] = True
    behind_blocks = ("norm",)

    def __init__(
        self,
        inner_width: int,
        num_layers: int,
        num_heads: int,
        hidden: int,
        patch_size: int,
        activation: str,
        epsilon: float,
        pooling: str,
        dropout: float,
        patch_bias: bool = True,
        block: dict[str, Any] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if pooling not in self.poolings:
            raise RecipeError(
                f"{type(self).__name__} needs pooling {', '.join(self.poolings)}. "
                f'Got "{pooling}". Use one of these.'
            )
        policy = self.dtype_policy
        self.inner_width = self.width = inner_width
        self.patch_size, self.pooling = patch_size, pooling
        self.patches = keras.layers.Conv2D(
            inner_width,
            patch_size,
            strides=patch_size,
            use_bias=patch_bias,
            dtype=policy,
            name="patches",
        )
        self.blocks = [
            EncoderBlock(
                inner_width,
                num_heads,
                hidden,
                activation,
                epsilon,
                norm_first=True,
                dropout=dropout,
                dtype=policy,
                **(block or {}),
            )
            for _ in range(num_layers)
        ]
        self.norm = LayerNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def _too_small(self, inputs_shape) -> RecipeError:
        return RecipeError(
            f"{type(self).__name__} needs images of at least one patch of {self.patch_size} "
            f"pixels. Got {inputs_shape[1]}x{inputs_shape[2]}. Pass a larger size."
        )

    def build(self, inputs_shape):
        down, across = (side // self.patch_size for side in inputs_shape[1:3])
        if down < 1 or across < 1:
            raise self._too_small(inputs_shape)
        self.patches.build(inputs_shape)
        self.num_patches = down * across
        length = self.num_patches + self.has_class_token
        small = keras.initializers.RandomNormal(stddev=0.02)
        if self.has_class_token:
            self.first = self.add_weight(
                name="first", shape=(1, self.inner_width), initializer=small
            )
        self.positions = self.add_weight(
            name="positions", shape=(length, self.inner_width), initializer=small
        )
        for layer in filter(None, (*self.blocks, self.norm)):
            layer.build((None, length, self.inner_width))
        self.num_tokens = 1
        if self.pooling == "none":
            self.num_tokens = length
        self.built = True

    def hidden_states(self, inputs, training=None):
        """Returns the normalised tokens of the last block, (batch, length, inner width)."""
        return self.norm(self._last_tokens(inputs, training))

    def _last_tokens(self, inputs, training):
        tokens = ops.reshape(self.patches(inputs), (-1, self.num_patches, self.inner_width))
        if self.has_class_token:
            first = ops.broadcast_to(
                ops.cast(self.first, tokens.dtype)[None],
                (ops.shape(tokens)[0], 1, self.inner_width),
            )
            tokens = ops.concatenate([first, tokens], axis=1)
        tokens = self._entering(tokens + ops.cast(self.positions, tokens.dtype))
        tokens = self.drop(tokens, training=training)
        everything = ops.ones(ops.shape(tokens)[:2], dtype="bool")
        for block in self.blocks:
            tokens = block(tokens, everything, training=training)
        return tokens

    def _entering(self, tokens):
        """Returns what the first block reads, from patches with their positions."""
        return tokens
