"""Idefics3: a SigLIP image encoder over tiles, pixel shuffle, one linear layer and Llama."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["Idefics3"]


class Idefics3(Family):
    """Idefics3: tiles of an image with words for their lines and columns, among the words.

    Source: Laurençon et al., "Building and better understanding vision-language models", 2024.
    """

    encoder = "interleaved_transformer"
    modality = "assistant"
    title = "Idefics3"
    tiled = True
    parts: ClassVar = {
        "vision": "model.vision_model.",
        "language": "model.text_model.",
        "projector": "model.connector.modality_projection.",
    }

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        for name in ("pad_token_id", "_pad_token_id", "image_seq_len", "max_image_size"):
            config.passed_over(name)
        return {
            "shuffle": config.whole("scale_factor", 1, 64, 2),
            "tied": config.flag("tie_word_embeddings", False),
            "image_id": config.whole("image_token_id", 0, 10**7, 128257),
            "vision": config.any("vision_config"),
            "text": config.any("text_config"),
        }
