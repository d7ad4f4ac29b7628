"""Reads a published language model from a checkpoint in the layout of Hugging Face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError
from polymodal.pretrained.family import Family
from polymodal.pretrained.language.model import LanguageModel, built
from polymodal.pretrained.reading import names, tokenizer
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.text.dialogue.texts import Texts

__all__ = ["read_language_model"]

GENERATION, TEMPLATE = "generation_config.json", "chat_template.jinja"
_MOST_LETTERS = 100_000
_ENDS = "eos_token_id"


def read_language_model(
    checkpoint: Checkpoint,
    config: Mapping[str, Any],
    family: type[Family],
    settings: dict[str, Any],
    origin: Mapping[str, Any],
) -> LanguageModel:
    """Returns the language model that a checkpoint holds, in memory.

    Args:
        checkpoint: Checkpoint.
        config: its config.json.
        family: subclass of Family.
        settings: what the family made of the config.
        origin: where it is from.

    Raises:
        BundleError: tensors or tokenizer do not fit the config.
    """
    max_length = settings.pop("num_positions")
    own = {"decoder": family.encoder, **settings, "has_start": False}
    texts = _texts(checkpoint, config, settings["num_outputs"])
    decoder = built(own)
    names.load(decoder, checkpoint, family, family.changes)
    return LanguageModel(decoder, texts, own, max_length, origin)


def _texts(checkpoint: Checkpoint, config: Mapping[str, Any], num_outputs: int) -> Texts:
    found = tokenizer.read_tokenizer(checkpoint)
    own = checkpoint.mapping(tokenizer.SETTINGS)
    tokenizer.check_ids(checkpoint, found, num_outputs)
    tokenizer.check_special(checkpoint, found, own)
    special = {
        kind: token
        for kind in tokenizer.SPECIAL
        if (token := tokenizer.special_token(own, kind)) is not None
    }
    ends = None
    if "eos_token" in special:
        ends = found.token_to_id(special["eos_token"])
    stops = checkpoint.mapping(GENERATION).get(_ENDS, config.get(_ENDS, ends))
    return Texts(
        found.to_str(),
        _stop_ids(checkpoint, stops, num_outputs),
        special,
        _template(checkpoint, own),
    )


def _stop_ids(checkpoint: Checkpoint, value: Any, num_outputs: int) -> list[int]:
    if value is None:
        return []
    found = value if isinstance(value, list) else [value]
    if not all(type(one) is int and 0 <= one < num_outputs for one in found):
        raise BundleError(
            f'{checkpoint.folder}: "{_ENDS}" needs ids below {num_outputs:,}. Got '
            f"{shown(value)}. Check that config and weights belong together."
        )
    return found


def _template(checkpoint: Checkpoint, own: Mapping[str, Any]) -> str | None:
    """Returns the chat template, of a file or of the tokenizer's settings; None for none."""
    path = checkpoint.folder / TEMPLATE
    if path.is_file():
        return path.read_text(encoding="utf-8", errors="replace")[: _MOST_LETTERS + 1]
    value = own.get("chat_template")
    if isinstance(value, list):
        named = {one.get("name"): one.get("template") for one in value if isinstance(one, dict)}
        value = named.get("default")
    if isinstance(value, str):
        return value
    return None
