"""BERT, and sentence encoders made from it, such as MiniLM."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["Bert"]


class Bert(Family):
    """BERT: positions counted from the start, two kinds of segment.

    Source: Devlin et al., "BERT", 2019.
    """

    encoder = "text_transformer"
    modality = "text"
    title = "BERT, MiniLM"
    prefixes = ("bert.",)
    names: ClassVar = {
        "words": "embeddings.word_embeddings.weight",
        "positions": "embeddings.position_embeddings.weight",
        "types": "embeddings.token_type_embeddings.weight",
        "norm": "embeddings.LayerNorm",
        "blocks.*.attention.query": "encoder.layer.*.attention.self.query",
        "blocks.*.attention.key": "encoder.layer.*.attention.self.key",
        "blocks.*.attention.value": "encoder.layer.*.attention.self.value",
        "blocks.*.attention.output_projection": "encoder.layer.*.attention.output.dense",
        "blocks.*.attention_norm": "encoder.layer.*.attention.output.LayerNorm",
        "blocks.*.widen": "encoder.layer.*.intermediate.dense",
        "blocks.*.narrow": "encoder.layer.*.output.dense",
        "blocks.*.feedforward_norm": "encoder.layer.*.output.LayerNorm",
    }
    unused = (
        "pooler.",
        "cls.",
        "lm_head.",
        "classifier.",
        "qa_outputs.",
        "embeddings.position_ids",
        "embeddings.token_type_ids",
    )

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        config.only("is_decoder", False)
        config.only("add_cross_attention", False)
        config.only("position_embedding_type", "absolute")
        config.only("chunk_size_feed_forward", 0)
        config.only("pruned_heads", {})
        return {
            "width": config.whole("hidden_size", 1, 16_384),
            "num_layers": config.whole("num_hidden_layers", 1, 200),
            "num_heads": config.whole("num_attention_heads", 1, 1_024),
            "hidden": config.whole("intermediate_size", 1, 131_072),
            "vocabulary_size": config.whole("vocab_size", 1, 2_000_000),
            "num_positions": config.whole("max_position_embeddings", 1, 1_000_000),
            "activation": config.one_of("hidden_act", ACTIVATIONS, "gelu"),
            "epsilon": config.number("layer_norm_eps", 0.0, 0.1, 1e-12),
            **cls.own_settings(config),
        }

    @classmethod
    def own_settings(cls, config: Config) -> dict[str, Any]:
        """Returns the arguments in which the relatives of BERT differ."""
        config.whole("pad_token_id", 0, 2_000_000, 0)  # the tokenizer's is compared with it
        return {"num_types": config.whole("type_vocab_size", 1, 1_024, 2)}
