"""DINOv2."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.pretrained.families.vit import Vit
from polymodal.pretrained.reading.config import Config

__all__ = ["Dinov2"]


class Dinov2(Vit):
    """DINOv2: ViT with a gain for each part, the largest with gates, for images of any size.

    Source: Oquab et al., "DINOv2: learning robust visual features without supervision", 2023.
    """

    title = "DINOv2"
    prefixes = ("dinov2.",)
    names: ClassVar = {
        **{
            ours: theirs
            for ours, theirs in Vit.names.items()
            if not ours.endswith(("_norm", "widen", "narrow"))
        },
        "blocks.*.attention_norm": "encoder.layer.*.norm1",
        "blocks.*.feedforward_norm": "encoder.layer.*.norm2",
        "blocks.*.attention_scale": "encoder.layer.*.layer_scale1.lambda1",
        "blocks.*.feedforward_scale": "encoder.layer.*.layer_scale2.lambda1",
        "blocks.*.widen": "encoder.layer.*.mlp.fc1",
        "blocks.*.narrow": "encoder.layer.*.mlp.fc2",
    }

    @classmethod
    def own_settings(cls, config: Config) -> dict[str, Any]:
        config.only("use_swiglu_ffn", False)
        for unused in (
            "layerscale_value",
            "drop_path_rate",
            "out_features",
            "out_indices",
            "stage_names",
            "apply_layernorm",
            "reshape_hidden_states",
            "use_mask_token",
        ):
            config.passed_over(unused)
        return {
            "hidden": config.whole("hidden_size", 1, 16_384) * config.whole("mlp_ratio", 1, 64, 4),
            "layer_scale": True,
            "resizes_positions": True,
        }
