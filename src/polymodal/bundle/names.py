"""Names for the variables of a model: the attribute path to each one.

`encoders.image.blocks.0.conv.kernel` says where a variable is in our code. Keras' own `path` counts
the layers made earlier in the process, so the same model would get other names the second time.
These names depend on the model alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras

from polymodal.core.errors import BundleError
from polymodal.layers.attribute_paths import children

_SCALARS = str | bytes | int | float | complex | bool | type(None)


def variable_names(model: Any) -> dict[str, Any]:
    """Returns `{attribute path: variable}` for every variable of a built model.

    Args:
        model: keras.Model or keras.Layer, built. Attributes, lists, tuples and dictionaries are
            walked; a leading underscore is dropped, so `_kernel` is called `kernel`.

    Raises:
        BundleError: a variable cannot be reached through attributes, or two would share a name.
    """
    wanted = {id(v): v for v in model.variables}
    names: dict[str, Any] = {}
    for path, variable in _walk(model, (), set()):
        if wanted.pop(id(variable), None) is not None:
            names[_free_name(path, names)] = variable
    if wanted:
        missing = ", ".join(sorted(v.path for v in wanted.values()))
        raise BundleError(
            f"{type(model).__name__} needs every variable reachable through attributes. "
            f"Got none that leads to {missing}. Keep the layer in an attribute, a list or a "
            "dictionary of its parent."
        )
    return names


def weight_names(model: Any) -> dict[str, Any]:
    """Returns `variable_names` without the states of random generators.

    These are what a bundle holds: they are the same on every engine, generator states are not.
    """
    seeds = seed_states(model)
    return {name: v for name, v in variable_names(model).items() if id(v) not in seeds}


def seed_states(model: Any) -> set[int]:
    """Returns the `id` of the state of each random generator in the model."""
    return {id(state) for layer in model._flatten_layers() for state in _states(layer)}


def optimizer_names(optimizer: Any, model_names: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `{name: variable}` for every variable of a built optimizer.

    A slot is named by its kind and the variable it belongs to: `momentums/head.kernel`.

    Args:
        optimizer: keras.optimizers.Optimizer, built.
        model_names: what `variable_names` gave for the model it was built with.

    Raises:
        BundleError: it was built for another model, or two variables would share a name.
    """
    owners = _owners(optimizer, model_names)
    names: dict[str, Any] = {}
    for kind, slots in _slots(optimizer, len(owners)):
        for owner, slot in zip(owners, slots, strict=True):
            if slot is not None:
                names[f"{kind}/{owner}"] = slot
    slotted = {id(v) for v in names.values()}
    for variable in optimizer.variables:
        if id(variable) not in slotted:
            names[_free_name((variable.name,), names)] = variable
    return names


def _owners(optimizer: Any, model_names: Mapping[str, Any]) -> list[str]:
    by_id = {id(v): name for name, v in model_names.items()}
    unknown = [v.path for v in optimizer._trainable_variables if id(v) not in by_id]
    if unknown:
        raise BundleError(
            f"{type(optimizer).__name__} needs to be built with the variables of this model. "
            f"Got {', '.join(unknown[:3])} besides. Build it with model.trainable_variables."
        )
    return [by_id[id(v)] for v in optimizer._trainable_variables]


def _slots(optimizer: Any, count: int) -> Iterator[tuple[str, list]]:
    """Yields each kind of slot: a list with one variable, or None, per trained variable."""
    own = {id(v) for v in optimizer.variables}
    for attribute, value in vars(optimizer).items():
        if (
            isinstance(value, list)
            and len(value) == count
            and attribute != "_variables"
            and all(slot is None or id(slot) in own for slot in value)
        ):
            yield attribute.strip("_"), value


def _walk(value: Any, path: tuple[str, ...], seen: set[int]) -> Iterator[tuple[tuple, Any]]:
    if isinstance(value, _SCALARS) or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, keras.Variable):
        yield path, value
        return
    for key, child in children(value):
        yield from _walk(child, (*path, key), seen)


def _free_name(path: tuple[str, ...], names: Mapping[str, Any]) -> str:
    name = ".".join(path)
    if name in names:
        raise BundleError(
            f'Variables need names of their own. Got two called "{name}". '
            "Rename one of the attributes that lead to them."
        )
    return name


def _states(layer: Any) -> list[Any]:
    return [generator.state for generator in layer._seed_generators]
