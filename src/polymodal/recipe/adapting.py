"""Adapters and quantised matrices in the parts of a model, and what its bundle leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polymodal.core.errors import RecipeError
from polymodal.recipe.starts import Lora, Start, part_at, starts_of

__all__ = ["adapt", "freeze_base", "is_adapter", "left_out", "merge", "merged_words", "named_bases"]

_ADAPTER = "adapter"  # attribute of a linear map


def adapt(model: Any, recipe: Any) -> None:
    """Gives the linear maps of parts their adapters and bits, before any variable is made.

    Raises:
        RecipeError: a part without such a linear map.
    """
    for start in starts_of(recipe):
        lora = start.adapters
        if lora is None and start.bits is None:
            continue
        maps = dict(_linear_maps(part_at(model, start)))
        if not maps:
            raise RecipeError(
                f"{start.where} has no linear maps to adapt or quantise. Leave out "
                "lora and bits, or use freeze or learning_rate_scale."
            )
        for path, layer in maps.items():
            if start.bits is not None:
                layer.quantise(start.bits)
            if lora is not None and _is_target(path, lora):
                layer.adapt(lora.rank, lora.alpha, lora.dropout)
        if lora is not None and not any(layer.adapter is not None for layer in maps.values()):
            known = ", ".join(sorted({path.rpartition(".")[2] for path in maps}))
            raise RecipeError(
                f"{start.where}.lora.targets needs names of linear maps: {known}. "
                f"Got {', '.join(map(str, lora.targets or ()))}. Name one of these."
            )


def freeze_base(model: Any, recipe: Any) -> None:
    """Makes the adapters of parts that have some the only weights of these parts to be trained."""
    from polymodal.layers.adapter import Adapter
    from polymodal.layers.attribute_paths import layers_in

    for start in starts_of(recipe):
        if start.adapters is None:
            continue
        part = part_at(model, start)
        adapters = [
            variable
            for _, adapter in layers_in(part, Adapter)
            for variable in adapter.trainable_variables
        ]
        kept = {id(variable) for variable in adapters}
        for variable in part.variables:
            if id(variable) not in kept:
                variable.trainable = False


def merge(model: Any, recipe: Any) -> None:
    """Adds adapters to the kernels they stand next to, where the recipe says that they are merged.

    The adapters are then zero, so the model gives what its bundle gives, which has none.
    """
    for start in starts_of(recipe):
        if start.merges:
            for _, layer in _linear_maps(part_at(model, start)):
                layer.merge()


def merged_words(recipe: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a recipe as a bundle has them: without adapters that are merged.

    Args:
        recipe: Recipe.
        values: what its `to_dict` gives.
    """
    found = dict(values)
    for start in starts_of(recipe):
        if not start.merges:
            continue
        if start.path[0] == "encoders":
            name = start.path[1]
            config = found["inputs"][name]
            found["inputs"] = {
                **found["inputs"],
                name: {**config, "encoder": _without_lora(config["encoder"])},
            }
        else:
            found[start.where] = _without_lora(found[start.where])
    return found


def _without_lora(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key != "lora"}


def is_adapter(name: str) -> bool:
    """Returns whether a weight belongs to an adapter, from its name."""
    return f".{_ADAPTER}." in name


def left_out(recipe: Any, names: Mapping[str, Any]) -> set[str]:
    """Returns the names of weights that a bundle does not have: merged adapters, and the weights
    that it names by their hash.

    Args:
        recipe: Recipe.
        names: {name: variable} of the model.
    """
    starts = list(starts_of(recipe))
    return {
        name
        for name in names
        for start in starts
        if name.startswith(f"{start.name}.") and _is_left_out(start, name)
    }


def _is_left_out(start: Start, name: str) -> bool:
    if is_adapter(name):
        return start.merges
    return not start.copy_weights


def named_bases(recipe: Any) -> Iterator[Start]:
    """Yields the parts whose weights a bundle names by their hash."""
    return (start for start in starts_of(recipe) if not start.copy_weights)


def _linear_maps(part: Any) -> Iterator[tuple[str, Any]]:
    from polymodal.layers.attribute_paths import layers_in
    from polymodal.layers.dense import Dense

    return layers_in(part, Dense)


def _is_target(path: str, lora: Lora) -> bool:
    """Returns whether a linear map has one of the names, or is inside what a path leads to."""
    if lora.targets is None:
        return True
    return any(
        f".{path}.".endswith(f".{name}.") or f"{path}.".startswith(f"{name}.")
        for name in map(str, lora.targets)
    )
