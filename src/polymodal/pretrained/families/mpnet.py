"""MPNet."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.pretrained.families.bert import Bert
from polymodal.pretrained.reading.config import Config

__all__ = ["Mpnet"]


class Mpnet(Bert):
    """MPNet: BERT whose attention scores also know the distance of two tokens.

    Source: Song et al., "MPNet", 2020.
    """

    title = "MPNet"
    prefixes = ("mpnet.",)
    names: ClassVar = {
        "words": "embeddings.word_embeddings.weight",
        "positions": "embeddings.position_embeddings.weight",
        "distances": "encoder.relative_attention_bias.weight",
        "norm": "embeddings.LayerNorm",
        "blocks.*.attention.query": "encoder.layer.*.attention.attn.q",
        "blocks.*.attention.key": "encoder.layer.*.attention.attn.k",
        "blocks.*.attention.value": "encoder.layer.*.attention.attn.v",
        "blocks.*.attention.output_projection": "encoder.layer.*.attention.attn.o",
        "blocks.*.attention_norm": "encoder.layer.*.attention.LayerNorm",
        "blocks.*.widen": "encoder.layer.*.intermediate.dense",
        "blocks.*.narrow": "encoder.layer.*.output.dense",
        "blocks.*.feedforward_norm": "encoder.layer.*.output.LayerNorm",
    }

    @classmethod
    def own_settings(cls, config: Config) -> dict[str, Any]:
        config.only("pad_token_id", 1)  # the published code takes no other
        config.only("relative_attention_num_buckets", 32)  # nor this
        return {"num_types": 0, "padding_id": 1, "num_buckets": 32}
