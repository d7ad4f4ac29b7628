"""RoBERTa."""

from __future__ import annotations

from typing import Any

from polymodal.pretrained.families.bert import Bert
from polymodal.pretrained.reading.config import Config

__all__ = ["Roberta"]


class Roberta(Bert):
    """RoBERTa: BERT with positions that count real tokens, from behind the padding's id.

    Source: Liu et al., "RoBERTa", 2019.
    """

    title = "RoBERTa"
    prefixes = ("roberta.",)

    @classmethod
    def own_settings(cls, config: Config) -> dict[str, Any]:
        return {
            "num_types": config.whole("type_vocab_size", 1, 1_024, 2),
            "padding_id": config.whole("pad_token_id", 0, 2_000_000, 1),
        }
