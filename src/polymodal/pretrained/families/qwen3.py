"""Qwen3."""

from __future__ import annotations

from typing import Any

from polymodal.pretrained.families.qwen2 import Qwen2
from polymodal.pretrained.reading.config import Config

__all__ = ["Qwen3"]


class Qwen3(Qwen2):
    """Qwen3: a language model as Llama, whose queries and keys are normalised.

    Source: Yang et al., "Qwen3 technical report", 2025.
    """

    title = "Qwen3"
    usual_size = 128

    @classmethod
    def own_settings(cls, config: Config, num_layers: int) -> dict[str, Any]:
        bias = config.flag("attention_bias", False)
        return {
            "input_bias": bias,
            "output_bias": bias,
            "head_norms": True,
            **cls.windows(config, num_layers),
        }
