"""Vectors: lists of numbers of one length, such as precomputed features."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.core.fields import Fields
from polymodal.preprocess.modality import Modality, check_range
from polymodal.preprocess.numbers.statistics import MOST_FEATURES, Moments, mean_and_std
from polymodal.tables.json_text import parse_json

__all__ = ["Vector"]


class Vector(Modality):
    """A list of numbers, each standardised by the train split.

    Args:
        dim: int, numbers in the list; None takes it from the train split.
        noise: float, augmentation: normal noise of this many standard deviations.

    Example:

    >>> vector = Vector()
    >>> vector.fit([vector.decode([0.0, 5.0]), vector.decode([2.0, 5.0])])
    >>> vector.encode(vector.decode([2.0, 6.0])).tolist()
    [1.0, 1.0]
    """

    encoder = "mlp"

    def __init__(self, dim: int | None = None, noise: float = 0.0):
        check_range("Vector", "dim", 1 if dim is None else dim, 1, 1_000_000)
        check_range("Vector", "noise", noise, 0, 10)
        self.dim, self.noise = dim, noise
        self.mean, self.std = Moments().result(dim or 1)

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        dims: Counter = Counter()
        for cell in cells:
            try:
                if cell is not None:
                    dims[len(numbers(cell))] += 1
            except DataError:
                continue
        if dims:
            return {"dim": dims.most_common(1)[0][0]}
        return {}

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (self.dim,)

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns float32 (dim,). A text is read as JSON."""
        values = numbers(cell)
        if self.dim is not None and len(values) != self.dim:
            raise DataError(
                f"has {len(values)} numbers, expected {self.dim}.",
                "Give every row as many.",
                reason="wrong_length",
            )
        return values

    def fit(self, decoded: Iterable[np.ndarray]) -> None:
        moments = Moments()
        for values in decoded:
            self.dim = self.dim or len(values)
            if len(values) != self.dim:
                raise DataError(
                    f"has {len(values)} numbers in one row and {self.dim} in others.",
                    "Give every row as many.",
                    reason="wrong_length",
                )
            moments.add(values[None])
        self.mean, self.std = moments.result(self.dim or 1)

    def augment(self, decoded: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if not self.noise:
            return decoded
        noise = rng.standard_normal(decoded.shape, np.float32)
        return decoded + np.float32(self.noise) * noise * self.std

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        return (decoded - self.mean) / self.std

    def state(self) -> dict[str, Any]:
        return {"dim": self.dim, "mean": self.mean.tolist(), "std": self.std.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        fields = Fields(state)
        self.dim = fields.whole_or_none("dim", 1, MOST_FEATURES)
        self.mean, self.std = mean_and_std(fields, self.dim or 1)


def numbers(cell: Any) -> np.ndarray:
    """Returns a list of numbers, or its JSON text, as float32 (dim,).

    Raises:
        DataError: it is not a list of finite numbers.
    """
    values = from_json(cell)
    try:
        array = np.asarray(values, np.float32)
    except (TypeError, ValueError, OverflowError):
        array = np.zeros(())
    if array.ndim != 1 or isinstance(values, str | bytes):
        raise DataError(
            f"needs a list of numbers. Got {_shown(cell)}.",
            "Check the modality of this column.",
            reason="not_a_vector",
        )
    if not len(array):
        raise DataError(
            "has 0 numbers.", "Leave the cell empty if it is missing.", reason="empty_vector"
        )
    if not np.isfinite(array).all():
        raise DataError(
            "has values that are not numbers.",
            "Replace them, or leave the whole cell empty.",
            reason="not_finite",
        )
    return array


def from_json(cell: Any) -> Any:
    """Returns the value of a JSON text, as lists are in CSV files; anything else as it is."""
    if not (isinstance(cell, str) and cell.lstrip().startswith("[")):
        return cell
    try:
        return parse_json(cell)
    except ValueError:
        return cell


def _shown(cell: Any) -> str:
    text = repr(cell)
    if len(text) <= 60:
        return text
    return f"{text[:57]}..."
