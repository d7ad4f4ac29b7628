"""The image encoder of SigLIP."""

from __future__ import annotations

from polymodal.encoders._patches import PatchTransformer
from polymodal.layers.masks import hide, repeat_mask
from polymodal.layers.probe_pooling import ProbePooling

__all__ = ["SiglipImage"]


class SiglipImage(PatchTransformer):
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

    poolings = ("none", "probe")
    has_class_token = False
    behind_blocks = ("norm", "pool")

    def __init__(
        self,
        width: int = 768,
        num_layers: int = 12,
        num_heads: int = 12,
        hidden: int = 3072,
        patch_size: int = 16,
        activation: str = "gelu_pytorch_tanh",
        epsilon: float = 1e-6,
        pooling: str = "probe",
        dropout: float = 0.0,
        **kwargs,
    ):
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
            **kwargs,
        )
        self.pool = None
        if pooling == "probe":
            self.pool = ProbePooling(
                width, num_heads, hidden, activation, epsilon, dtype=self.dtype_policy
            )

    def build(self, inputs_shape):
        super().build(inputs_shape)
        if self.pool is not None:
            self.pool.build((None, self.num_patches, self.width))

    def call(self, inputs, mask, training=None):
        tokens = self.hidden_states(inputs, training)
        if self.pool is not None:
            tokens = self.pool(tokens)
        mask = repeat_mask(mask, self.num_tokens)
        return hide(tokens, mask), mask
