"""SigLIP, and SigLIP 2 at one size. The whole pair, or one tower."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.pretrained.families.siglip_text_model import SiglipTextModel
from polymodal.pretrained.families.siglip_vision_model import SiglipVisionModel
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["Siglip"]


class Siglip(Family):
    """SigLIP: CLIP with a sigmoid for each pair.

    Source: Zhai et al., "Sigmoid loss for language image pre-training", 2023.
    """

    title = "SigLIP"
    comparison = "sigmoid"
    towers: ClassVar = {"image": SiglipVisionModel, "text": SiglipTextModel}

    @classmethod
    def whole(cls, config: Config) -> dict[str, dict[str, Any]]:
        config.passed_over("initializer_factor")
        return {}
