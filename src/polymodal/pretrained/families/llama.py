"""Llama, and language models of its architecture, such as SmolLM2."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.family import Family
from polymodal.pretrained.language.rotary import rotary
from polymodal.pretrained.reading.config import Config

__all__ = ["Llama"]


class Llama(Family):
    """Llama: a language model with grouped queries and gated units.

    Source: Touvron et al., "LLaMA", 2023; Dubey et al., "The Llama 3 herd of models", 2024.
    """

    encoder = "causal_transformer"
    modality = "language"
    title = "Llama, SmolLM2"
    prefixes = ("model.",)
    names: ClassVar = {
        "embedding": "embed_tokens.weight",
        "head": "lm_head.weight",
        "blocks.*.attention_norm": "layers.*.input_layernorm",
        "blocks.*.attention.query": "layers.*.self_attn.q_proj",
        "blocks.*.attention.key": "layers.*.self_attn.k_proj",
        "blocks.*.attention.value": "layers.*.self_attn.v_proj",
        "blocks.*.attention.output_projection": "layers.*.self_attn.o_proj",
        "blocks.*.attention.query_norm": "layers.*.self_attn.q_norm",
        "blocks.*.attention.key_norm": "layers.*.self_attn.k_norm",
        "blocks.*.feedforward_norm": "layers.*.post_attention_layernorm",
        "blocks.*.gate": "layers.*.mlp.gate_proj",
        "blocks.*.widen": "layers.*.mlp.up_proj",
        "blocks.*.narrow": "layers.*.mlp.down_proj",
        "final_norm": "norm",
    }
    usual_size: ClassVar[int | None] = None  # of a head, where the config does not say it
    unused = ("lm_head.",)  # in some files although it is tied, and then not read

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        dim = config.whole("hidden_size", 1, 65_536)
        num_heads = config.whole("num_attention_heads", 1, 1_024)
        num_layers = config.whole("num_hidden_layers", 1, 1_000)
        positions = config.whole("max_position_embeddings", 1, 10**8)
        usual_size = cls.usual_size or max(dim // num_heads, 1)
        head_dim = config.whole_or("head_dim", 2, 4_096, usual_size)
        key_heads = config.whole_or("num_key_value_heads", 1, 1_024, num_heads)
        if num_heads % key_heads:
            config.refuse("num_key_value_heads", f"a divisor of {num_heads}", key_heads)
        if head_dim % 2:
            config.refuse("head_dim", "an even number", head_dim)
        config.passed_over("attention_dropout")  # in training alone
        config.passed_over("pad_token_id")  # texts are not padded with a token
        return {
            "dim": dim,
            "num_outputs": config.whole("vocab_size", 1, 2_000_000),
            "num_layers": num_layers,
            "num_heads": num_heads,
            "num_key_heads": key_heads,
            "head_dim": head_dim,
            "hidden": config.whole("intermediate_size", 1, 1_000_000),
            "activation": config.one_of("hidden_act", ACTIVATIONS, "silu"),
            "epsilon": config.number("rms_norm_eps", 0.0, 0.1, 1e-6),
            "tied": config.flag("tie_word_embeddings", False),
            "num_positions": positions,
            **rotary(config, head_dim, positions),
            **cls.own_settings(config, num_layers),
        }

    @classmethod
    def own_settings(cls, config: Config, num_layers: int) -> dict[str, Any]:
        """Returns the arguments in which the relatives of Llama differ."""
        config.only("pretraining_tp", 1, None)
        bias = config.flag("attention_bias", False)
        return {
            "input_bias": bias,
            "output_bias": bias,
            "feedforward_bias": config.flag("mlp_bias", False),
        }
