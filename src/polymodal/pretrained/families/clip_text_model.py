"""The text encoder of CLIP."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.families.clip_vision_model import block_names, projection_of
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["ClipTextModel"]

_HIGHEST_ENDS = 2  # written by older libraries, where the highest id of the vocabulary is meant


class ClipTextModel(Family):
    """CLIP's text encoder: tokens see those before them, and the end is the text's vector.

    Source: Radford et al., "Learning transferable visual models from natural language supervision",
    2021.
    """

    encoder = "clip_text"
    modality = "text"
    title = "CLIP, texts"
    padding_counts = False  # no token sees what is behind it
    prefixes = ("text_model.",)
    names: ClassVar = {
        "words": "embeddings.token_embedding.weight",
        "positions": "embeddings.position_embedding.weight",
        "norm": "final_layer_norm",
        "projection": "text_projection",
        **block_names(""),
    }
    unused = ("embeddings.position_ids", "vision_model.", "visual_projection.", "logit_")

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        for unused in ("attention_dropout", "dropout", "initializer_factor", "pad_token_id"):
            config.passed_over(unused)
        size = config.whole("vocab_size", 1, 2_000_000, 49_408)
        end = config.whole("eos_token_id", 0, 2_000_000, 49_407)
        if end == _HIGHEST_ENDS:
            end = size - 1
        return {
            "inner_width": config.whole("hidden_size", 1, 16_384, 512),
            "num_layers": config.whole("num_hidden_layers", 1, 200, 12),
            "num_heads": config.whole("num_attention_heads", 1, 1_024, 8),
            "hidden": config.whole("intermediate_size", 1, 131_072, 2048),
            "vocabulary_size": size,
            "num_positions": config.whole("max_position_embeddings", 1, 1_000_000, 77),
            "activation": config.one_of("hidden_act", ACTIVATIONS, "quick_gelu"),
            "epsilon": config.number("layer_norm_eps", 0.0, 0.1, 1e-5),
            "end_id": end,
            "projection": projection_of(config),
        }
