"""The loop over steps, which the engine compiles where it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

__all__ = ["repeat"]


def repeat(unfinished: Callable[..., Any], advance: Callable[[Any], Any], first: Any) -> Any:
    """Returns the last state. Each has the static shapes of the first, which TensorFlow asks for:
    where only the number of rows is known, as of one row whose input may have any length, a step
    forgets it."""

    def shaped(leaf, before):
        if tuple(leaf.shape) == tuple(before.shape):
            return leaf
        return ops.reshape(leaf, [-1 if size is None else size for size in before.shape])

    def once(*state):
        return tuple(keras.tree.map_structure(shaped, advance(type(first)(*state)), first))

    return type(first)(*ops.while_loop(unfinished, once, tuple(first)))
