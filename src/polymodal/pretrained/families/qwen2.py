"""Qwen2 and Qwen2.5."""

from __future__ import annotations

from typing import Any

from polymodal.pretrained.families.llama import Llama
from polymodal.pretrained.reading.config import Config

__all__ = ["Qwen2"]

_WINDOW, _ALL = "sliding_attention", "full_attention"


class Qwen2(Llama):
    """Qwen2 and 2.5: a language model as Llama, with biases of queries, keys and values.

    Source: Yang et al., "Qwen2 technical report", 2024.
    """

    title = "Qwen2, Qwen2.5"

    @classmethod
    def own_settings(cls, config: Config, num_layers: int) -> dict[str, Any]:
        return {"input_bias": True, **cls.windows(config, num_layers)}

    @classmethod
    def windows(cls, config: Config, num_layers: int) -> dict[str, Any]:
        """Returns the setting `windows`: blocks may have one from some depth on, or by a list."""
        config.stated("num_key_value_heads")
        has_window = config.flag("use_sliding_window", False)
        stated = config.any("sliding_window")
        first = config.whole("max_window_layers", 0, 1_000, 28)
        kinds = config.any("layer_types")
        windowed = has_window and stated is not None
        if kinds is None:
            kinds = [
                _WINDOW if windowed and number >= first else _ALL for number in range(num_layers)
            ]
        if not isinstance(kinds, list) or len(kinds) != num_layers or set(kinds) - {_WINDOW, _ALL}:
            config.refuse("layer_types", f"{num_layers} of {_ALL} and {_WINDOW}", kinds)
        if _WINDOW not in kinds:
            return {}
        if not windowed:
            config.refuse("layer_types", f"no {_WINDOW} without use_sliding_window", kinds)
        window = config.whole("sliding_window", 1, 10**8)
        return {"windows": [window * (kind == _WINDOW) for kind in kinds]}
