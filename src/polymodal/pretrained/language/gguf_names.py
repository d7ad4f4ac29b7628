"""Names and settings of GGUF files, as a folder's config.json and tensors would have them."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError

__all__ = ["config_of", "name_of", "unturned"]

_WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_OF_BLOCK = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_SETTINGS = {  # below the architecture's name
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "context_length": "max_position_embeddings",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
    "attention.key_length": "head_dim",
}
_CHECKED = {"vocab_size", "rope.dimension_count", "attention.value_length"}
_ARCHITECTURES = ("llama", "qwen2", "qwen3")


def name_of(path: Path, name: str) -> str:
    """Returns the name that a tensor has in a folder.

    Raises:
        BundleError: it is one that we do not know.
    """
    stem, _, kind = name.rpartition(".")
    block = re.fullmatch(r"blk\.(\d+)\.(\w+)", stem)
    if stem in _WHOLE:
        return f"{_WHOLE[stem]}.{kind}"
    if block and block[2] in _OF_BLOCK:
        return f"model.layers.{block[1]}.{_OF_BLOCK[block[2]]}.{kind}"
    raise BundleError(
        f'{path} holds the tensor "{name}", which this importer does not know. '
        "Import a model of a plain family."
    )


def config_of(path: Path, fields: Mapping[str, Any], names: Container[str]) -> dict[str, Any]:
    """Returns what config.json would hold.

    Args:
        path: Path, for messages.
        fields: the file's metadata.
        names: those of its tensors, as a folder has them.

    Raises:
        BundleError: an architecture or a setting that we do not implement.
        KeyError: a setting is missing.
    """
    kind = fields["general.architecture"]
    if kind not in _ARCHITECTURES:
        raise BundleError(
            f'{path}: "general.architecture" needs one of '
            f"{', '.join(_ARCHITECTURES)}. Got {shown(kind)}. Import another model."
        )
    own = {
        name.removeprefix(f"{kind}."): value
        for name, value in fields.items()
        if name.startswith(f"{kind}.")
    }
    unknown = sorted(set(own) - set(_SETTINGS) - _CHECKED)
    if unknown:
        raise BundleError(
            f'{path}: "{kind}.{unknown[0]}" is {shown(own[unknown[0]])}, a setting '
            "that this importer does not know. Import a model without it."
        )
    found = {
        "model_type": kind,
        "hidden_act": "silu",
        **{theirs: own[name] for name, theirs in _SETTINGS.items() if name in own},
        "vocab_size": len(fields["tokenizer.ggml.tokens"]),
        "tie_word_embeddings": "lm_head.weight" not in names,
    }
    _check_sizes(path, own, found)
    if kind != "qwen2":
        found["attention_bias"] = "model.layers.0.self_attn.q_proj.bias" in names
    if kind != "llama":
        found["use_sliding_window"] = False
    return found


def unturned(name: str, values: np.ndarray, config: Mapping[str, Any]) -> np.ndarray:
    """Returns queries and keys of Llama with the halves of a head apart, as a folder has them:
    GGUF lays the two features that turn together next to each other."""
    heads = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    layer = name.split(".")[-2]
    if config["model_type"] != "llama" or layer not in heads:
        return values
    number = config.get(heads[layer], config["num_attention_heads"])
    pairs = values.reshape(number, -1, 2, *values.shape[1:])
    return pairs.swapaxes(1, 2).reshape(values.shape)


def _check_sizes(path: Path, own: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    size = found.get("head_dim", found["hidden_size"] // found["num_attention_heads"])
    for name, needed in (
        ("vocab_size", found["vocab_size"]),
        ("rope.dimension_count", size),
        ("attention.value_length", size),
    ):
        if own.get(name, needed) != needed:
            raise BundleError(
                f'{path}: "{name}" needs {needed:,}. Got {shown(own[name])}. This '
                "importer implements nothing else."
            )
