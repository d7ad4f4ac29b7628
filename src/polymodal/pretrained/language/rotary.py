"""Rotary positions of published decoders: the angle of each pair of features, in all scalings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.pretrained.reading.config import Config

__all__ = ["by_kind", "rotary"]

_KINDS = ("default", "linear", "llama3", "yarn")


def rotary(config: Config, head_dim: int, num_positions: int) -> dict[str, Any]:
    """Returns the decoder's settings `rates` and `rotary_scale`.

    Args:
        config: Config, with `rope_parameters`, or `rope_theta` and `rope_scaling`.
        head_dim: int.
        num_positions: int, longest text of the checkpoint.

    Raises:
        BundleError: a scaling that is not implemented, or an unknown setting of one.

    Source: Su et al., "RoFormer", 2021, section 3.2.2; linear: Chen et al., "Extending context
    window of large language models via positional interpolation", 2023; YaRN: Peng et al., 2023;
    llama3: Dubey et al., "The Llama 3 herd of models", 2024.
    """
    base = config.number("rope_theta", 1.0, 1e12, 10_000.0)
    given = _given(config)
    given.only("partial_rotary_factor", 1.0, 1)
    kind = given.one_of("rope_type", _KINDS, given.one_of("type", _KINDS, "default"))
    base = given.number("rope_theta", 1.0, 1e12, base)
    rates = np.float32(1) / np.float32(base) ** (
        np.arange(0, head_dim, 2, dtype=np.float32) / np.float32(head_dim)
    )
    scale = 1.0
    if kind == "linear":
        rates = rates / np.float32(given.number("factor", 1.0, 1e6))
    elif kind == "llama3":
        rates = _llama3(given, rates, num_positions)
    elif kind == "yarn":
        rates, scale = _yarn(given, rates, base, num_positions)
    given.finish()
    return {"rates": [float(rate) for rate in rates.astype(np.float32)], "rotary_scale": scale}


def by_kind(
    config: Config,
    head_dim: int,
    num_positions: int,
    kinds: Mapping[str, str],
    bases: Mapping[str, float],
) -> dict[str, dict[str, Any]]:
    """Returns {kind: what `rotary` returns} of a decoder whose blocks turn by their kind.

    Args:
        config: Config, with `rope_parameters` by kind; older ones have a base for each kind.
        head_dim: int.
        num_positions: int, longest text of the checkpoint.
        kinds: {kind of block: setting that has its base in older configs}.
        bases: {kind of block: usual base}.

    Raises:
        BundleError: as `rotary`.
    """
    stated = config.any("rope_parameters")
    older = config.any("rope_scaling")
    if stated is not None and (not isinstance(stated, Mapping) or set(stated) - set(kinds)):
        config.refuse("rope_parameters", f"mappings for {', '.join(kinds)}", stated)
    found = {}
    for number, (kind, name) in enumerate(kinds.items()):
        base = config.number(name, 1.0, 1e12, bases[kind])
        values: dict[str, Any] = {"rope_theta": base}
        if stated is not None:
            values["rope_parameters"] = {"rope_theta": base, **(stated.get(kind) or {})}
        elif number == 0 and older is not None:  # the first kind alone has the scaling
            values["rope_scaling"] = older
        found[kind] = rotary(
            Config(Path(f"{config.path}, {kind}"), values), head_dim, num_positions
        )
    return found


def _given(config: Config) -> Config:
    """Returns the mapping of the scaling; newer configs keep the base in it too."""
    found = config.any("rope_parameters")
    older = config.any("rope_scaling")
    if found is not None and older is not None:
        config.refuse("rope_scaling", "null where rope_parameters is given", older)
    value = found if found is not None else older or {}
    if not isinstance(value, Mapping):
        config.refuse("rope_parameters", "a mapping", value)
    return Config(Path(f"{config.path}, rope_parameters"), value)


def _llama3(given: Config, rates: np.ndarray, num_positions: int) -> np.ndarray:
    """Returns slow rates divided by a factor, fast ones as they are, and a slope between them."""
    factor = given.number("factor", 1.0, 1e6)
    low = given.number("low_freq_factor", 0.0, 1e6)
    high = given.number("high_freq_factor", 0.0, 1e6)
    if high <= low:
        given.refuse("high_freq_factor", f"more than low_freq_factor, {low}", high)
    original = given.whole("original_max_position_embeddings", 1, 10**8, num_positions)
    length = 2 * math.pi / rates
    share = np.clip((original / length - low) / (high - low), 0, 1)
    return (1 - share) * rates / factor + share * rates


def _yarn(
    given: Config, rates: np.ndarray, base: float, num_positions: int
) -> tuple[np.ndarray, float]:
    """Returns rates, the slow ones divided by a factor, and what turned features are scaled by."""
    size = 2 * len(rates)
    original = given.whole("original_max_position_embeddings", 1, 10**8, num_positions)
    factor = given.number("factor", 1.0, 1e6, num_positions / original)
    fast = given.number("beta_fast", 1e-3, 1e6, 32.0)
    slow = given.number("beta_slow", 1e-3, 1e6, 1.0)
    given.only("mscale", None)
    given.only("mscale_all_dim", None)
    scale = given.number("attention_factor", 1e-3, 1e3, 0.1 * math.log(factor) + 1)
    turns = lambda number: size * math.log(original / (number * 2 * math.pi)) / (2 * math.log(base))
    first, last = turns(fast), turns(slow)
    if given.flag("truncate", True):
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, size - 1)
    if first == last:
        last += 0.001
    share = np.clip((np.arange(len(rates)) - first) / (last - first), 0, 1)  # of the slow form
    return rates / factor * share + rates * (1 - share), scale
