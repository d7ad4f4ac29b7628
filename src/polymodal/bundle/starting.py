"""Gives a part of a model the weights that its recipe says it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.bundle import weights
from polymodal.bundle.names import weight_names
from polymodal.bundle.part import tensors_of
from polymodal.core.errors import RecipeError
from polymodal.layers.attribute_paths import layers_in
from polymodal.layers.block_weights import packed
from polymodal.layers.dense import Dense
from polymodal.recipe.adapting import is_adapter
from polymodal.recipe.starts import Start

__all__ = ["load_part", "packed_tensors", "plain_weights"]

PACKED = "packed"  # attribute of a linear map in few bits


def load_part(model: Any, start: Start, source: str) -> None:
    """Gives the part of a model its weights; matrices in few bits are made of whole ones.

    Args:
        model: Model, built.
        start: Start.
        source: folder, or file of weights.

    Raises:
        BundleError: a folder is damaged, or has no such part.
        RecipeError: weights of other shapes, or of another part.
    """
    prefix = f"{start.name}."
    own = {
        name.removeprefix(prefix): variable
        for name, variable in weight_names(model).items()
        if name.startswith(prefix)
    }
    found = tensors_of(source, start.name if start.input is None else f"encoders.{start.input}")
    found = packed_tensors(found, start.bits, own)
    own = {
        name: variable
        for name, variable in own.items()
        if name in found or not is_adapter(f".{name}")
    }
    _check(start, source, own, found)
    weights.assign(own, found)


def plain_weights(part: Any) -> dict[str, np.ndarray]:
    """Returns {path inside the part: array} as if it had neither adapters nor weights in few bits.

    Args:
        part: layer, built.
    """
    found = {
        name: value
        for name, value in weights.values(weight_names(part)).items()
        if not is_adapter(f".{name}") and f".{PACKED}." not in f".{name}"
    }
    for path, layer in layers_in(part, Dense):
        found[f"{path}.kernel"] = layer.plain_kernel()
    return found


def packed_tensors(
    found: Mapping[str, np.ndarray], bits: int | None, own: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Returns tensors with matrices in few bits where a part has them so.

    Args:
        found: {name: array}.
        bits: int or None.
        own: names of the part's weights.
    """
    made = dict(found)
    for name in own:
        layer = name.removesuffix(f".{PACKED}.values")
        if layer != name and bits is not None and f"{layer}.kernel" in made:
            made |= {
                f"{layer}.{PACKED}.{kind}": value
                for kind, value in packed(made.pop(f"{layer}.kernel"), bits).items()
            }
    return made


def _check(start: Start, source: str, own: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    wanted = {name: tuple(variable.shape) for name, variable in own.items()}
    given = {name: tuple(array.shape) for name, array in found.items()}
    different = sorted(name for name in {*wanted, *given} if wanted.get(name) != given.get(name))
    if different:
        name = different[0]
        raise RecipeError(
            f"{start.where} needs weights of its own shapes. Got {source}, in "
            f'which "{name}" is {given.get(name, "absent")} instead of '
            f"{wanted.get(name, 'absent')}. Use the settings of that run, or other "
            "weights."
        )
