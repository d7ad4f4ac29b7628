"""The loop over steps, which the engine compiles where it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

__all__ = ["repeat"]


def repeat(unfinished: Callable[..., Any], advance: Callable[[Any], Any], first: Any) -> Any:
    """Returns the last state. Each has the static shapes of the first, which TensorFlow asks for:
    a step forgets the number of rows, or the length of a prompt."""

    def shaped(leaf, before):
        if tuple(leaf.shape) == tuple(before.shape):
            return leaf
        sizes = zip(before.shape, ops.shape(leaf), strict=True)
        return ops.reshape(leaf, [now if size is None else size for size, now in sizes])

    def once(*state):
        return tuple(keras.tree.map_structure(shaped, advance(type(first)(*state)), first))

    return type(first)(*ops.while_loop(unfinished, once, tuple(first)))
