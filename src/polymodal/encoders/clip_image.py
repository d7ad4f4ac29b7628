"""The image encoder of CLIP."""

from __future__ import annotations

from polymodal.encoders._patches import PatchTransformer
from polymodal.layers.dense import Dense
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide, repeat_mask

__all__ = ["ClipImage"]


class ClipImage(PatchTransformer):
    """Transformer over the patches of an image, normalised before its first block too.

    Args:
        inner_width: int, of the tokens inside.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        patch_size: int, side of a patch in pixels.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        pooling: str, none, first or patches: all tokens, the class token, or all but it.
        final_norm: bool, whether the result is normalised; assistants take it as it is.
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

    poolings = ("none", "first", "patches")
    behind_blocks = ("norm", "projection")

    def __init__(
        self,
        inner_width: int = 768,
        num_layers: int = 12,
        num_heads: int = 12,
        hidden: int = 3072,
        patch_size: int = 32,
        activation: str = "quick_gelu",
        epsilon: float = 1e-5,
        pooling: str = "first",
        projection: int = 0,
        dropout: float = 0.0,
        final_norm: bool = True,
        **kwargs,
    ):
        super().__init__(
            inner_width,
            num_layers,
            num_heads,
            hidden,
            patch_size,
            activation,
            epsilon,
            pooling,
            dropout,
            patch_bias=False,
            **kwargs,
        )
        policy = self.dtype_policy
        if not final_norm:
            self.norm = None
        self.input_norm = LayerNorm(epsilon, dtype=policy)
        self.projection = None
        if projection:
            self.width = projection
            self.projection = Dense(projection, use_bias=False, dtype=policy)

    def build(self, inputs_shape):
        super().build(inputs_shape)
        if self.pooling == "patches":
            self.num_tokens = self.num_patches
        for layer in (self.input_norm, self.projection):
            if layer is not None:
                layer.build((None, None, self.inner_width))

    def call(self, inputs, mask, training=None):
        tokens = self.hidden_states(inputs, training)
        if self.pooling == "first":
            tokens = tokens[:, :1]
        elif self.pooling == "patches":
            tokens = tokens[:, 1:]
        if self.norm is not None:
            tokens = self.norm(tokens)
        if self.projection is not None:
            tokens = self.projection(tokens)
        mask = repeat_mask(mask, self.num_tokens)
        return hide(tokens, mask), mask

    def hidden_states(self, inputs, training=None):
        """Returns the last block's tokens (batch, 1 + patches, inner width), not normalised."""
        return self._last_tokens(inputs, training)

    def _entering(self, tokens):
        return self.input_norm(tokens)
