"""The tokenizer in the metadata of a GGUF file, as tokenizer.json would hold it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError

__all__ = ["settings_of", "tokenizer_of"]

_PLAIN, _CONTROL, _OWN = 1, 3, 4  # token types
_CLASSES = r"\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?" + _CLASSES
_BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_DIGITS = {"type": "Digits", "individual_digits": True}


def _split(digits: str) -> list[dict[str, Any]]:
    return [
        {
            "type": "Split",
            "pattern": {"Regex": _SPLIT % digits},
            "behavior": "Isolated",
            "invert": False,
        },
        {**_BYTES, "use_regex": False},
    ]


# Splitting before the merges, by the name that the file gives it.
_BEFORE = {
    "gpt-2": [_BYTES],
    "smollm": [_DIGITS, _BYTES],
    "llama-bpe": _split(r"\p{N}{1,3}"),
    "qwen2": _split(r"\p{N}"),
}


def tokenizer_of(path: Path, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the mapping that the library `tokenizers` reads.

    Args:
        path: Path, for messages.
        fields: the file's metadata.

    Raises:
        BundleError: a tokenizer that we do not implement.
        KeyError: it has none.
    """
    kind, before = fields["tokenizer.ggml.model"], fields["tokenizer.ggml.pre"]
    if kind != "gpt2" or before not in _BEFORE:
        raise BundleError(
            f"{path} needs a tokenizer of bytes and merges, split as in "
            f"{', '.join(_BEFORE)}. Got {shown(kind)}, {shown(before)}. Import the "
            "model from a folder with tokenizer.json."
        )
    tokens, types = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    added = [
        {
            "id": i,
            "content": tokens[i],
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": types[i] == _CONTROL,
        }
        for i in range(len(tokens))
        if types[i] in (_CONTROL, _OWN)
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "NFC"} if before == "qwen2" else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": _BEFORE[before]},
        "post_processor": _start(fields),
        "decoder": _BYTES,
        "model": {
            "type": "BPE",
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in fields["tokenizer.ggml.merges"]],
            "ignore_merges": before == "llama-bpe",
        },
    }


def settings_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what tokenizer_config.json would hold: special tokens and the chat template."""
    tokens = fields["tokenizer.ggml.tokens"]
    found = {
        f"{kind}_token": tokens[fields[f"tokenizer.ggml.{kind}_token_id"]]
        for kind in ("bos", "eos")
        if f"tokenizer.ggml.{kind}_token_id" in fields
    }
    return {**found, "chat_template": fields.get("tokenizer.chat_template")}


def _start(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns what puts the start token before each text, where the file asks for it."""
    if not fields.get("tokenizer.ggml.add_bos_token", False):
        return None
    number = fields["tokenizer.ggml.bos_token_id"]
    token = fields["tokenizer.ggml.tokens"][number]
    start, text = (
        {"SpecialToken": {"id": token, "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
    )
    pair = [start, text, {"Sequence": {"id": "B", "type_id": 1}}]
    return {
        "type": "TemplateProcessing",
        "single": [start, text],
        "pair": pair,
        "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}},
    }
