"""The text encoder of SigLIP."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.families.clip_vision_model import block_names
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["SiglipTextModel"]


class SiglipTextModel(Family):
    """SigLIP's text encoder: texts padded to one length; the last token is the text's vector.

    Source: Zhai et al., "Sigmoid loss for language image pre-training", 2023.
    """

    encoder = "siglip_text"
    modality = "text"
    title = "SigLIP, SigLIP 2, texts"
    padding_counts = False  # the tokenizer's own is what texts are padded with
    padded = True
    prefixes = ("text_model.",)
    names: ClassVar = {
        "words": "embeddings.token_embedding.weight",
        "positions": "embeddings.position_embedding.weight",
        "norm": "final_layer_norm",
        "projection": "head",
        **block_names(""),
    }
    unused = ("embeddings.position_ids", "vision_model.", "logit_")

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        for unused in (
            "attention_dropout",
            "initializer_factor",
            "pad_token_id",
            "bos_token_id",
            "eos_token_id",
            "projection_dim",
        ):
            config.passed_over(unused)
        width = config.whole("hidden_size", 1, 16_384, 768)
        return {
            "inner_width": width,
            "num_layers": config.whole("num_hidden_layers", 1, 200, 12),
            "num_heads": config.whole("num_attention_heads", 1, 1_024, 12),
            "hidden": config.whole("intermediate_size", 1, 131_072, 3072),
            "vocabulary_size": config.whole("vocab_size", 1, 2_000_000, 32_000),
            "num_positions": config.whole("max_position_embeddings", 1, 1_000_000, 64),
            "activation": config.one_of("hidden_act", ACTIVATIONS, "gelu_pytorch_tanh"),
            "epsilon": config.number("layer_norm_eps", 0.0, 0.1, 1e-6),
            "projection": config.whole("projection_size", 1, 16_384, width),
        }
