"""CLIP: images and texts in one space. The whole pair, or one tower."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.pretrained.families.clip_text_model import ClipTextModel
from polymodal.pretrained.families.clip_vision_model import ClipVisionModel
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["Clip"]


class Clip(Family):
    """CLIP: images and texts with vectors that can be compared.

    Source: Radford et al., "Learning transferable visual models from natural language supervision",
    2021.
    """

    title = "CLIP"
    comparison = "softmax"
    towers: ClassVar = {"image": ClipVisionModel, "text": ClipTextModel}

    @classmethod
    def whole(cls, config: Config) -> dict[str, dict[str, Any]]:
        for unused in ("logit_scale_init_value", "initializer_factor"):
            config.passed_over(unused)
        width = {"projection_dim": config.whole("projection_dim", 1, 16_384, 512)}
        return {
            "image": {**width, "architectures": ["CLIPVisionModelWithProjection"]},
            "text": {**width, "architectures": ["CLIPTextModelWithProjection"]},
        }
