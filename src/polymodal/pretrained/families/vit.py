"""ViT."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["Vit"]


class Vit(Family):
    """ViT: a class token and one token for each patch of an image.

    Source: Dosovitskiy et al., "An image is worth 16x16 words", 2021.
    """

    encoder = "image_transformer"
    modality = "image"
    title = "ViT"
    prefixes = ("vit.",)
    names: ClassVar = {
        "first": "embeddings.cls_token",
        "positions": "embeddings.position_embeddings",
        "patches": "embeddings.patch_embeddings.projection",
        "norm": "layernorm",
        "blocks.*.attention.query": "encoder.layer.*.attention.attention.query",
        "blocks.*.attention.key": "encoder.layer.*.attention.attention.key",
        "blocks.*.attention.value": "encoder.layer.*.attention.attention.value",
        "blocks.*.attention.output_projection": "encoder.layer.*.attention.output.dense",
        "blocks.*.attention_norm": "encoder.layer.*.layernorm_before",
        "blocks.*.widen": "encoder.layer.*.intermediate.dense",
        "blocks.*.narrow": "encoder.layer.*.output.dense",
        "blocks.*.feedforward_norm": "encoder.layer.*.layernorm_after",
    }
    unused = ("pooler.", "classifier.", "decoder.", "embeddings.mask_token")

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        config.only("num_channels", 3)
        return {
            "width": config.whole("hidden_size", 1, 16_384),
            "num_layers": config.whole("num_hidden_layers", 1, 200),
            "num_heads": config.whole("num_attention_heads", 1, 1_024),
            "patch_size": config.side("patch_size"),
            "image_size": config.side("image_size"),
            "activation": config.one_of("hidden_act", ACTIVATIONS, "gelu"),
            "epsilon": config.number("layer_norm_eps", 0.0, 0.1, 1e-12),
            "input_bias": config.flag("qkv_bias", True),
            **cls.own_settings(config),
        }

    @classmethod
    def own_settings(cls, config: Config) -> dict[str, Any]:
        """Returns the arguments in which the relatives of ViT differ."""
        for unused in ("encoder_stride", "pooler_output_size", "pooler_act"):
            config.passed_over(unused)
        return {"hidden": config.whole("intermediate_size", 1, 131_072)}
