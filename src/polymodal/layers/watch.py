"""Looks at each variable of a model before it is made, while nothing is allocated yet."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras

__all__ = ["before_variables"]

Look = Callable[[tuple[int, ...]], None]
_looks: ContextVar[tuple[Look, ...]] = ContextVar("looks", default=())
_add_weight = keras.Layer.add_weight


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


def _looked_at(self: Any, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
    for look in _looks.get():
        look(tuple(int(n) for n in shape or ()))
    return _add_weight(self, shape, *args, **kwargs)


keras.Layer.add_weight = _looked_at
