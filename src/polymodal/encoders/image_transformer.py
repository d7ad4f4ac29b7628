"""A published transformer for images: ViT and its relatives."""

from __future__ import annotations

from keras import ops

from polymodal.encoders._patches import PatchTransformer
from polymodal.layers.masks import hide, repeat_mask

__all__ = ["ImageTransformer"]


class ImageTransformer(PatchTransformer):
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

    poolings = ("none", "first", "mean")

    def __init__(
        self,
        width: int = 384,
        num_layers: int = 12,
        num_heads: int = 6,
        hidden: int = 1536,
        patch_size: int = 16,
        activation: str = "gelu",
        epsilon: float = 1e-12,
        input_bias: bool = True,
        layer_scale: bool = False,
        gated: bool = False,
        pooling: str = "first",
        dropout: float = 0.0,
        **kwargs,
    ):
        block = {"input_bias": input_bias, "layer_scale": layer_scale, "gated": gated}
        super().__init__(
            width,
            num_layers,
            num_heads,
            hidden,
            patch_size,
            activation,
            epsilon,
            pooling,
            dropout,
            block=block,
            **kwargs,
        )

    def call(self, inputs, mask, training=None):
        tokens = self.hidden_states(inputs, training)
        if self.pooling == "first":
            tokens = tokens[:, :1]
        elif self.pooling == "mean":
            tokens = ops.mean(tokens[:, 1:], axis=1, keepdims=True)
        mask = repeat_mask(mask, self.num_tokens)
        return hide(tokens, mask), mask
