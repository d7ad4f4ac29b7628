"""The image encoder of CLIP."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["ClipVisionModel", "block_names", "projection_of"]


def block_names(prefix: str) -> dict[str, str]:
    """Returns the names of the blocks, which images and texts share."""
    theirs = {
        "attention.query": "self_attn.q_proj",
        "attention.key": "self_attn.k_proj",
        "attention.value": "self_attn.v_proj",
        "attention.output_projection": "self_attn.out_proj",
        "attention_norm": "layer_norm1",
        "widen": "mlp.fc1",
        "narrow": "mlp.fc2",
        "feedforward_norm": "layer_norm2",
    }
    return {f"blocks.*.{ours}": f"{prefix}encoder.layers.*.{name}" for ours, name in theirs.items()}


def projection_of(config: Config) -> int:
    """Returns the width of the projection behind the encoder; 0 where the checkpoint has none."""
    width = config.whole("projection_dim", 1, 16_384, 512)
    architectures = config.any("architectures") or []
    if any("WithProjection" in str(name) for name in architectures):
        return width
    return 0


class ClipVisionModel(Family):
    """CLIP's image encoder: a class token, and one more normalisation before the first block.

    Source: Radford et al., "Learning transferable visual models from natural language supervision",
    2021.
    """

    encoder = "clip_image"
    modality = "image"
    title = "CLIP, images"
    prefixes = ("vision_model.",)
    names: ClassVar = {
        "first": "embeddings.class_embedding",
        "positions": "embeddings.position_embedding.weight",
        "patches": "embeddings.patch_embedding",
        "input_norm": "pre_layrnorm",
        "norm": "post_layernorm",
        "projection": "visual_projection",
        **block_names(""),
    }
    unused = ("embeddings.position_ids", "text_model.", "text_projection.", "logit_")

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        config.only("num_channels", 3)
        for unused in ("attention_dropout", "dropout", "initializer_factor"):
            config.passed_over(unused)
        return {
            "inner_width": config.whole("hidden_size", 1, 16_384, 768),
            "num_layers": config.whole("num_hidden_layers", 1, 200, 12),
            "num_heads": config.whole("num_attention_heads", 1, 1_024, 12),
            "hidden": config.whole("intermediate_size", 1, 131_072, 3072),
            "patch_size": config.side("patch_size", 32),
            "image_size": config.side("image_size", 224),
            "activation": config.one_of("hidden_act", ACTIVATIONS, "quick_gelu"),
            "epsilon": config.number("layer_norm_eps", 0.0, 0.1, 1e-5),
            "projection": projection_of(config),
        }
