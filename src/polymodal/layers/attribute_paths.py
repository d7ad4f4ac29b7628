"""Layers by the attribute path that leads to each: what names of weights are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import keras

__all__ = ["children", "layers_in"]

_SECOND = {"layer"}  # walked last


def layers_in(
    value: Any, kind: type, path: tuple[str, ...] = (), seen: set[int] | None = None
) -> Iterator[tuple[str, Any]]:
    """Yields (attribute path, layer) of each layer of a kind, each layer once.

    Args:
        value: layer, built or not.
        kind: class derived from keras.Layer.

    Example:

    >>> model = keras.Sequential([keras.layers.Dense(2), keras.layers.Dropout(0.1)])
    >>> [path for path, _ in layers_in(model, keras.layers.Dense)]
    ['layers.0']
    """
    if seen is None:
        seen = set()
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, kind):
        yield ".".join(path), value
        return
    for name, child in children(value):
        yield from layers_in(child, kind, (*path, name), seen)


def children(value: Any) -> Iterable[tuple[str, Any]]:
    """Returns (name, value) of all that a layer, list or mapping holds in attributes or items."""
    if isinstance(value, Mapping):
        return [(str(key), child) for key, child in value.items()]
    if isinstance(value, list | tuple):
        return [(str(index), child) for index, child in enumerate(value)]
    if isinstance(value, keras.Layer | keras.random.SeedGenerator):
        return _attributes(value)
    return ()


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """Returns attributes by name, so that a shared layer is called the same on every engine."""
    skip = _internal_attributes()
    held = {**vars(value), **vars(value).get("_modules", {})}  # torch keeps layers in `_modules`
    found = [
        (name.lstrip("_"), child)
        for name, child in held.items()
        if name not in skip and not name.startswith("_self_")
    ]  # `_self_`: TensorFlow's own
    if isinstance(value, keras.Sequential) or _is_functional(value):
        found.append(("layers", list(value.layers)))  # their layers are in no attribute
    # A wrapper keeps the layer it was given as `layer`, next to the copies that it uses.
    return sorted(found, key=lambda pair: (pair[0] in _SECOND, pair[0]))


def _is_functional(value: Any) -> bool:
    return isinstance(value, keras.Model) and hasattr(value, "_nodes_by_depth")


@cache
def _internal_attributes() -> frozenset[str]:
    """Attributes that Keras itself gives every layer and model: duplicate references."""
    given = {*vars(keras.Layer()), *vars(keras.Sequential())}
    return frozenset(
        given
        | {
            "_layers",
            "_operations",
            "_functional",
            "_nodes_by_depth",
            "_optimizer",
            "optimizer",
            "_modules",
            "_torch_params",
            "history",
        }
    )
