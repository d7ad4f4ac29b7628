"""Batch normalisation in one kernel, where an engine has one that leaves masks out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

__all__ = ["one_kernel"]


def one_kernel(rank: int) -> Callable[..., tuple[Any, Any, Any]] | None:
    """Returns a function that normalises over what is real, with its gradient; None for none.

    On TensorFlow, for pictures: its fused kernel, which knows no masks, runs where a batch is real
    throughout. A map of (64, 28, 28, 16), there and back, takes 2.3 ms instead of 4.8 on two cores;
    with masks as products, the gradients of `av_digits` take a fifth less.

    Args:
        rank: int, number of axes of what is normalised.
    """
    if keras.backend.backend() != "tensorflow" or rank != 4:
        return None
    from polymodal.layers.engines._tensorflow_norm import normalise

    return normalise
