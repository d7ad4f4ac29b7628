"""A function of a model's variables, compiled by the engine where it can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

__all__ = ["compiled"]


def compiled(
    function: Callable[..., Any],
    variables: Sequence[Any],
    static: Sequence[int] = (),
    any_shape: bool = False,
) -> Callable[..., Any]:
    """Returns a function that does the same, compiled once for each shape of its arguments.

    Args:
        function: of tensors, positional, and nested structures of them. It changes no variable.
        variables: those that it reads.
        static: places of arguments that are plain Python values.
        any_shape: bool, compile one program for all shapes, where the engine can; where it cannot,
            the function is returned as it is.
    """
    engine = keras.backend.backend()
    if any_shape and engine != "tensorflow":
        return function
    if engine == "tensorflow":
        import tensorflow

        return tensorflow.function(function, reduce_retracing=any_shape, autograph=False)
    if engine == "jax":
        return _by_jax(function, variables, static)
    return function


def _by_jax(
    function: Callable[..., Any], variables: Sequence[Any], static: Sequence[int]
) -> Callable[..., Any]:
    """Takes the variables as arguments: JAX would copy what it finds inside into the program."""
    import jax

    def stateless(values, *arguments):
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(*arguments)

    program = jax.jit(stateless, static_argnums=tuple(place + 1 for place in static))
    return lambda *arguments: program([variable.value for variable in variables], *arguments)
