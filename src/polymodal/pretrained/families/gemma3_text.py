"""Gemma 3, of text alone."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.families.llama import Llama
from polymodal.pretrained.language.rotary import by_kind
from polymodal.pretrained.reading.config import Config

__all__ = ["Gemma3Text"]

_ALL, _WINDOW = "full_attention", "sliding_attention"
_BASES = {_ALL: "rope_theta", _WINDOW: "rope_local_base_freq"}  # where older configs state them
_USUAL_BASES = {_ALL: 1_000_000.0, _WINDOW: 10_000.0}
_NORMS = (
    "attention_norm",
    "attention_result_norm",
    "feedforward_norm",
    "feedforward_result_norm",
    "attention.query_norm",
    "attention.key_norm",
)


def _from_one(values: np.ndarray) -> np.ndarray:
    """Returns the gain of a norm: the checkpoint has how much it differs from one."""
    return values + np.float32(1)


class Gemma3Text(Llama):
    """Gemma 3: a language model as Llama, normalised before and after each part, most with windows.

    Source: "Gemma 3 technical report", 2025.
    """

    title = "Gemma 3"
    names: ClassVar = {
        **Llama.names,
        "blocks.*.attention_result_norm": "layers.*.post_attention_layernorm",
        "blocks.*.feedforward_norm": "layers.*.pre_feedforward_layernorm",
        "blocks.*.feedforward_result_norm": "layers.*.post_feedforward_layernorm",
    }
    changes: ClassVar = {
        "final_norm.gamma": _from_one,
        **{f"blocks.*.{name}.gamma": _from_one for name in _NORMS},
    }

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        config.only("final_logit_softcapping", None)
        config.only("attn_logit_softcapping", None)
        config.only("use_bidirectional_attention", False, None)
        for unused in (
            "attention_dropout",
            "pad_token_id",
            "cache_implementation",
            "_sliding_window_pattern",
        ):  # layer_types says it
            config.passed_over(unused)
        dim = config.whole("hidden_size", 1, 65_536, 2304)
        heads = config.whole("num_attention_heads", 1, 1_024, 8)
        head_dim = config.whole("head_dim", 2, 4_096, 256)
        layers = config.whole("num_hidden_layers", 1, 1_000, 26)
        positions = config.whole("max_position_embeddings", 1, 10**8, 131_072)
        bias = config.flag("attention_bias", False)
        key_heads = config.whole("num_key_value_heads", 1, 1_024, 4)
        if heads % key_heads:
            config.refuse("num_key_value_heads", f"a divisor of {heads}", key_heads)
        if head_dim % 2:
            config.refuse("head_dim", "an even number", head_dim)
        turns = by_kind(config, head_dim, positions, _BASES, _USUAL_BASES)
        if turns[_WINDOW]["rotary_scale"] != 1.0:
            config.refuse("rope_parameters", f"no scaling of {_WINDOW}", turns[_WINDOW])
        return {
            "dim": dim,
            "num_outputs": config.whole("vocab_size", 1, 2_000_000, 262_208),
            "num_layers": layers,
            "num_heads": heads,
            "num_key_heads": key_heads,
            "head_dim": head_dim,
            "hidden": config.whole("intermediate_size", 1, 1_000_000, 9216),
            "activation": config.one_of("hidden_activation", ACTIVATIONS, "gelu_pytorch_tanh"),
            "epsilon": config.number("rms_norm_eps", 0.0, 0.1, 1e-6),
            "tied": config.flag("tie_word_embeddings", True),
            "num_positions": positions,
            "input_bias": bias,
            "output_bias": bias,
            "head_norms": True,
            "result_norms": True,
            "embedding_scale": float(dim) ** 0.5,
            "query_scale": config.whole("query_pre_attn_scalar", 1, 1_000_000, 256) ** -0.5,
            **turns[_ALL],
            "window_rates": turns[_WINDOW]["rates"],
            "windows": _windows(config, layers),
        }


def _windows(config: Config, num_layers: int) -> list[int]:
    """Returns the window of each block, 0 where it sees all before it."""
    every = config.whole("sliding_window_pattern", 1, 1_000, 6)
    kinds = config.any("layer_types")
    if kinds is None:
        kinds = [_WINDOW if (number + 1) % every else _ALL for number in range(num_layers)]
    if not isinstance(kinds, list) or len(kinds) != num_layers or set(kinds) - {_WINDOW, _ALL}:
        config.refuse("layer_types", f"{num_layers} of {_ALL} and {_WINDOW}", kinds)
    window = config.whole("sliding_window", 1, 10**8, 4096)
    return [window * (kind == _WINDOW) for kind in kinds]
