"""One program for layers that are alike, which the engine compiles once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import keras

__all__ = ["by_xla", "one_for_all"]


def by_xla(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that does the same inside of a compiled one, on TensorFlow compiled by
    XLA. The other engines compile the whole, or nothing."""
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow

    return tensorflow.function(function, jit_compile=True, autograph=False)


def one_for_all(
    function: Callable[..., Any], kind: Callable[[Any], Hashable], xla: bool = False
) -> Callable[..., Any]:
    """Returns a function that does the same inside of a compiled one.

    TensorFlow traces it once and not for each layer, and XLA compiles it once: for thirty blocks a
    second instead of twenty. Layers that are alike have the same kind, and weights of the same
    shapes, which are arguments of the program.

    Args:
        function: of a layer, that is built, and tensors. It changes no variable.
        kind: function of a layer, equal for those that do the same with the same weights.
        xla: bool, let XLA compile it.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow

    programs: dict[Hashable, Callable[..., Any]] = {}

    def run(layer: Any, *arguments: Any) -> Any:
        weights = [tensorflow.convert_to_tensor(weight.value) for weight in layer.weights]
        key = kind(layer), *((tuple(weight.shape), weight.dtype) for weight in weights)
        if key not in programs:
            programs[key] = _program(function, layer, xla)
        return programs[key](weights, *arguments)

    return run


def _program(function: Callable[..., Any], layer: Any, xla: bool) -> Callable[..., Any]:
    import tensorflow

    def of_weights(weights, *arguments):
        with keras.StatelessScope(state_mapping=list(zip(layer.weights, weights, strict=True))):
            return function(layer, *arguments)

    if xla:
        return tensorflow.function(of_weights, jit_compile=True, autograph=False)
    apart = {"_noinline": True}  # or it becomes part of the caller, once for each layer
    return tensorflow.function(of_weights, autograph=False, experimental_attributes=apart)
