"""LLaVA: a CLIP image encoder and a language model, joined by two linear layers."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["Llava"]


class Llava(Family):
    """LLaVA: the patches of the last but one block of CLIP, projected, among the words.

    Source: Liu et al., "Improved baselines with visual instruction tuning", 2024.
    """

    encoder = "interleaved_transformer"
    modality = "assistant"
    title = "LLaVA"
    parts: ClassVar = {
        "vision": "vision_tower.",
        "language": "language_model.",
        "projector": "multi_modal_projector.",
    }

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        config.only("projector_hidden_act", "gelu")
        config.only("vision_feature_select_strategy", "default")
        config.only("multimodal_projector_bias", True)
        config.passed_over("image_seq_length")  # follows from the sides of image and patch
        config.passed_over("tie_word_embeddings")  # the language model's own says it
        return {
            "layer": config.any("vision_feature_layer"),
            "image_id": config.whole_or(
                "image_token_index", 0, 10**7, config.whole_or("image_token_id", 0, 10**7, 0)
            ),
            "vision": config.any("vision_config"),
            "text": config.any("text_config"),
        }
