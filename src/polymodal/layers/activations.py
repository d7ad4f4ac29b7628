"""Activations under the names that published checkpoints give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown

__all__ = ["ACTIVATIONS", "activation"]


def _exact_gelu(tensor):
    return ops.gelu(tensor, approximate=False)


def _tanh_gelu(tensor):
    return ops.gelu(tensor, approximate=True)


def _quick_gelu(tensor):
    return tensor * ops.sigmoid(1.702 * tensor)


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "gelu": _exact_gelu,
    "gelu_python": _exact_gelu,
    "gelu_new": _tanh_gelu,
    "gelu_fast": _tanh_gelu,
    "gelu_pytorch_tanh": _tanh_gelu,
    "quick_gelu": _quick_gelu,
    "relu": ops.relu,
    "silu": ops.silu,
    "swish": ops.silu,
}


def activation(name: str) -> Callable[[Any], Any]:
    """Returns an activation by its name: "gelu" is exact, "gelu_new" the one with a tanh.

    Raises:
        RecipeError: there is none of that name.

    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016, section 2.
    """
    if name not in ACTIVATIONS:
        raise RecipeError(unknown("activation", name, ACTIVATIONS))
    return ACTIVATIONS[name]
