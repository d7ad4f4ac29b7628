"""What few rows would memorise: whether an imported encoder stays frozen, and how many numbers of
ready vectors training drops, where nobody said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.core.advice import set_option
from polymodal.core.arguments import parameters
from polymodal.core.lookup import find
from polymodal.recipe.recipe import encoder_name

__all__ = ["FEW", "settle_freezing"]

FEW = 5_000  # rows, below which an encoder that was trained elsewhere usually decides
_RANK = 8
_DROPPED = 0.8  # share of the numbers of frozen vectors that training drops, below FEW rows
_WIDE = 128  # numbers of a cell, from which they are taken for what a pretrained part gave


def settle_freezing(
    inputs: Mapping[str, Mapping[str, Any]], num_rows: int, drops: bool = True
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Returns the settings of inputs without "auto", and a reason for each that had it.

    Args:
        inputs: {name: settings} of a whole recipe.
        num_rows: int, rows to train on.
        drops: bool, whether numbers of frozen vectors are dropped for few rows: not in sequences,
            where few rows are many steps, and only where the model projects these vectors.
    """
    found, reasons = {}, []
    for name, config in inputs.items():
        encoder = config.get("encoder")
        if isinstance(encoder, Mapping) and encoder.get("freeze") == "auto":
            words, reason = _settled(name, config, encoder, num_rows)
            config = {**config, "encoder": words}
            reasons.append(f"input {name}: {reason}")
        word = drops and num_rows < FEW and _dropping_word(config)
        if word:
            encoder = {"name": encoder_name(config), **_words(config), word: _DROPPED}
            config = {**config, "encoder": encoder}
            reasons.append(
                f"input {name}: training drops {100 * _DROPPED:.0f} % of the numbers of its "
                "vectors at random, because so few rows would be memorised by them. To change "
                f"it: {set_option('inputs', name, word, value='0')}"
            )
        found[name] = dict(config)
    return found, reasons


def _dropping_word(config: Mapping[str, Any]) -> str | None:
    """Returns the setting that drops numbers of an input's vectors, None where it has none or
    somebody chose it."""
    if _gives_vectors(config):
        return "output_dropout"
    if _has_ready_vectors(config) and "input_dropout" not in _words(config):
        return "input_dropout"
    return None


def _words(config: Mapping[str, Any]) -> Mapping[str, Any]:
    encoder = config.get("encoder")
    if isinstance(encoder, Mapping):
        return encoder
    return {}


def _has_ready_vectors(config: Mapping[str, Any]) -> bool:
    """Returns whether its cells are vectors of such a width that a pretrained part gave them, and
    its encoder can drop some of their numbers."""
    if config.get("modality") != "vector" or (config.get("dim") or 0) < _WIDE:
        return False
    return "input_dropout" in parameters(find("encoders", str(encoder_name(config))))


def _gives_vectors(config: Mapping[str, Any]) -> bool:
    """Returns whether an encoder that was trained elsewhere is frozen and has its own width, and
    nobody said how its outputs are dropped."""
    encoder = config.get("encoder")
    return (
        isinstance(encoder, Mapping)
        and encoder.get("freeze") is True
        and bool(encoder.get("from") or encoder.get("weights"))
        and "output_dropout" not in encoder
        and "dim" not in parameters(find("encoders", str(encoder_name(config))))
    )


def _settled(
    name: str, config: Mapping[str, Any], encoder: Mapping[str, Any], num_rows: int
) -> tuple[dict[str, Any], str]:
    words = dict(encoder)
    if words.get("lora"):
        return words | {"freeze": False}, "its encoder is frozen but for the adapters asked for."
    encoder_class = find("encoders", str(encoder_name(config)))
    adapts = encoder_class.behind_blocks is not None and encoder_class.takes_adapters
    if num_rows < FEW:
        return words | {"freeze": True}, (
            f"its encoder stays frozen, because {num_rows:,} rows are fewer than {FEW:,}. "
            f"{_way_on(name, adapts)}"
        )
    if not adapts:
        return words | {"freeze": True}, (
            "its encoder stays frozen, because it has no linear maps to adapt. "
            f"{_way_on(name, adapts)}"
        )
    return words | {"freeze": False, "lora": _RANK}, (
        f"adapters of rank {_RANK} are trained next to its frozen weights, because {num_rows:,} "
        f"rows are {FEW:,} or more. To keep it as it is: --set inputs.{name}.freeze=true"
    )


def _way_on(name: str, adapts: bool) -> str:
    """Returns how to train a frozen encoder."""
    if adapts:
        return f"To train adapters next to it: --set inputs.{name}.lora={_RANK}"
    return f"To train it: --set inputs.{name}.freeze=false"
