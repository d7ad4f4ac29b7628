"""Mistral."""

from __future__ import annotations

from typing import Any

from polymodal.pretrained.families.llama import Llama
from polymodal.pretrained.reading.config import Config

__all__ = ["Mistral"]


class Mistral(Llama):
    """Mistral: a language model as Llama, whose tokens see a window of those before them.

    Source: Jiang et al., "Mistral 7B", 2023.
    """

    title = "Mistral"

    @classmethod
    def own_settings(cls, config: Config, num_layers: int) -> dict[str, Any]:
        config.stated("num_key_value_heads")
        if config.stated("sliding_window") is None:
            return {}
        return {"windows": [config.whole("sliding_window", 1, 10**8)] * num_layers}
