"""A function of a model's variables, compiled by the engine where it can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

__all__ = ["compiled", "compiled_for_tokens"]


def compiled(
    function: Callable[..., Any],
    variables: Sequence[Any],
    static: Sequence[int] = (),
    any_shape: bool = False,
    growing: bool = False,
) -> Callable[..., Any]:
    """Returns a function that does the same, compiled once for each shape of its arguments.

    Args:
        function: of tensors, positional, and nested structures of them. It changes no variable.
        variables: those that it reads.
        static: places of arguments that are plain Python values.
        any_shape: bool, compile one program for all shapes, where the engine can; where it cannot,
            the function is returned as it is.
        growing: bool, whether some lengths change from call to call. TensorFlow then makes two
            programs, one for the first length and one for all others; JAX makes one for each.
    """
    engine = keras.backend.backend()
    if any_shape and engine != "tensorflow":
        return function
    if engine == "tensorflow":
        import tensorflow

        return tensorflow.function(function, reduce_retracing=any_shape or growing, autograph=False)
    if engine == "jax":
        return _by_jax(function, variables, static)
    return function


def compiled_for_tokens(
    function: Callable[..., Any], variables: Sequence[Any]
) -> Callable[..., Any]:
    """Returns what `compiled` does, for a function that is called for each token with many tensors.

    On TensorFlow it is called as a concrete function, by shapes alone: with 120 tensors of keys and
    values the usual way to find it takes 4 ms of 44.
    """
    if keras.backend.backend() != "tensorflow":
        return compiled(function, variables)
    import tensorflow

    programs: dict[tuple, Any] = {}

    def run(*arguments):
        leaves = tensorflow.nest.flatten(arguments)
        key = tuple(leaf.shape for leaf in leaves)
        if key not in programs:
            programs[key] = _concrete(function, arguments, leaves)
        program = programs[key]
        return program._call_flat(leaves, program.captured_inputs)

    return run


def _concrete(function: Callable[..., Any], arguments: Any, leaves: Sequence[Any]) -> Any:
    import tensorflow

    shape = tensorflow.nest.map_structure(lambda _: 0, arguments)  # it holds no tensor
    of_leaves = lambda *flat: function(*tensorflow.nest.pack_sequence_as(shape, flat))
    return tensorflow.function(of_leaves, autograph=False).get_concrete_function(*leaves)


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
