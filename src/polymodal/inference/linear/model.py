"""A linear model of simple features, computed by numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.batch import mask_key
from polymodal.core.contracts.target import Head
from polymodal.core.contracts.task import Task
from polymodal.core.errors import BundleError
from polymodal.core.probabilities import softmax

__all__ = ["LinearHead", "LinearModel"]

NEVER = -1e4  # logit of a label that no row of train has


class LinearModel:
    """Logits that are a weighted sum of features. A missing input adds its own constant instead.

    Args:
        weights: {key of an input: (features, outputs) float64}.
        missing: {key of an input: (outputs,) float64}.
        bias: (outputs,) float64.
    """

    def __init__(
        self, weights: Mapping[str, np.ndarray], missing: Mapping[str, np.ndarray], bias: np.ndarray
    ):
        self.weights, self.missing, self.bias = dict(weights), dict(missing), bias

    def predict_on_batch(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Returns logits (batch, outputs).

        Args:
            inputs: {key: (batch, features)} and {key_mask: bool}.
        """
        return self.bias + sum(self._added(inputs, key) for key in self.weights)

    def encode(
        self, inputs: Mapping[str, Any], training: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns what each input adds to the logits, (batch, 1, inputs * outputs), and a mask."""
        added = np.concatenate([self._added(inputs, key) for key in self.weights], axis=1)[:, None]
        return added, np.ones(added.shape[:2], bool)

    def _added(self, inputs: Mapping[str, Any], key: str) -> np.ndarray:
        mask = np.asarray(inputs[mask_key(key)])
        there = mask.reshape(len(mask), -1).max(axis=1, keepdims=True)
        return np.where(there, np.asarray(inputs[key]) @ self.weights[key], self.missing[key])

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns {name: array}, what a bundle holds."""
        found = {"bias": self.bias}
        for key in self.weights:
            found[f"inputs.{key}.weight"] = self.weights[key]
            found[f"inputs.{key}.missing"] = self.missing[key]
        return found


def restored(
    arrays: Mapping[str, np.ndarray], widths: Mapping[str, int], num_outputs: int
) -> LinearModel:
    """Returns the model of the arrays of a bundle.

    Args:
        arrays: {name: array}.
        widths: {key of an input: number of its features}.
        num_outputs: int.

    Raises:
        BundleError: an array is absent, of another shape, or not finite.
    """
    shapes: dict[str, tuple[int, ...]] = {"bias": (num_outputs,)}
    for key, width in widths.items():
        shapes[f"inputs.{key}.weight"] = (width, num_outputs)
        shapes[f"inputs.{key}.missing"] = (num_outputs,)
    for name, shape in shapes.items():
        check_array(arrays, name, shape)
    return LinearModel(
        {key: arrays[f"inputs.{key}.weight"] for key in widths},
        {key: arrays[f"inputs.{key}.missing"] for key in widths},
        arrays["bias"],
    )


def check_array(
    arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Returns an array of a bundle: finite numbers, of the shape.

    Raises:
        BundleError: it is absent or another.
    """
    found = arrays.get(name)
    if found is None or found.dtype != np.float64 or shape not in (None, found.shape):
        got = "none" if found is None else f"{found.shape} of {found.dtype}"
        raise BundleError(
            f'needs a tensor "{name}" of shape {shape or "(features,)"} of float64. '
            f"Got {got}. Copy the whole bundle again."
        )
    if not np.isfinite(found).all():
        raise BundleError(f'needs finite numbers in "{name}". Copy the whole bundle again.')
    return found


class LinearHead(Head):
    """What the logits of a linear model mean for a task.

    Args:
        task: Task of classes or numbers, one answer for each row.
        num_outputs: int.
    """

    def __init__(self, task: Task, num_outputs: int):
        self._task, self.num_outputs = task, num_outputs
        self.monitor = (task.headline, "max" if task.higher_is_better(task.headline) else "min")

    def activate(self, logits: Any) -> np.ndarray:
        """Returns probabilities (rows, outputs), or standardised numbers (rows,)."""
        logits = np.asarray(logits, np.float64)
        if not self._task.has_classes:
            return logits[..., 0]
        if self._task.choice == "one of":
            return softmax(logits)
        return 0.5 * (1 + np.tanh(0.5 * logits))  # tanh never overflows


def joined(
    parts: Sequence[tuple[str, int, bool]], coefficients: np.ndarray, bias: np.ndarray
) -> LinearModel:
    """Returns the model of the coefficients of a matrix whose columns are features of inputs.

    Args:
        parts: for each input its key, the number of its columns, and whether one more column says
            that it is missing.
        coefficients: (columns, outputs).
        bias: (outputs,).
    """
    weights, missing, start = {}, {}, 0
    for key, width, told in parts:
        weights[key] = np.asarray(coefficients[start : start + width], np.float64)
        start += width
        missing[key] = np.zeros(len(bias))
        if told:
            missing[key] = np.asarray(coefficients[start], np.float64)
            start += 1
    return LinearModel(weights, missing, np.asarray(bias, np.float64))
