"""Looks at each variable of a model before it is made, while nothing is allocated yet."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras

__all__ = ["before_variables", "without_random_values"]

Look = Callable[[tuple[int, ...]], None]
_looks: ContextVar[tuple[Look, ...]] = ContextVar("looks", default=())
_are_set_later: ContextVar[bool] = ContextVar("are_set_later", default=False)
_add_weight = keras.Layer.add_weight
_RANDOM = (
    keras.initializers.Orthogonal,
    keras.initializers.RandomNormal,
    keras.initializers.RandomUniform,
    keras.initializers.TruncatedNormal,
    keras.initializers.VarianceScaling,
)


@contextmanager
def before_variables(look: Look) -> Iterator[None]:
    """Calls `look(shape)` before each variable that a layer makes inside a `with` block.

    What it raises first reaches the caller as it is. Keras itself tries a model twice, warns of the
    first failure, and rewords the second.
    """
    once = _Once(look)
    token = _looks.set((*_looks.get(), once))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*(unbuilt state|`build\\(\\)` method)")
            yield
    except Exception:
        if once.error is not None:
            raise once.error from None
        raise
    finally:
        _looks.reset(token)


@contextmanager
def without_random_values() -> Iterator[None]:
    """Makes variables of layers zero inside a `with` block where they would be random.

    For models whose weights are read from a file: random values of a large table take several
    buffers of its size, which TensorFlow does not give back.
    """
    token = _are_set_later.set(True)
    try:
        yield
    finally:
        _are_set_later.reset(token)


class _Once:
    """Keeps what a look raises, and raises it for each variable that comes later."""

    def __init__(self, look: Look):
        self.look = look
        self.error: Exception | None = None

    def __call__(self, shape: tuple[int, ...]) -> None:
        if self.error is not None:
            raise self.error
        try:
            self.look(shape)
        except Exception as error:
            self.error = error
            raise


def _looked_at(
    self: Any, shape: Any = None, initializer: Any = None, *args: Any, **kwargs: Any
) -> Any:
    for look in _looks.get():
        look(tuple(int(n) for n in shape or ()))
    if _are_set_later.get() and _is_random(initializer):
        initializer = "zeros"
    return _add_weight(self, shape, initializer, *args, **kwargs)


def _is_random(initializer: Any) -> bool:
    """Returns whether an initializer, None for that of Keras, draws its values."""
    return initializer is None or isinstance(keras.initializers.get(initializer), _RANDOM)


keras.Layer.add_weight = _looked_at
