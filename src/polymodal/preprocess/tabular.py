"""Numbers and categories of several columns as one vector of features."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError, DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.preprocess.modality import Modality, check_range
from polymodal.preprocess.statistics import Moments, mean_and_std

__all__ = ["Tabular"]

_MISSING = {"", "na", "n/a", "nan", "null", "none"}  # spellings of a missing number
_FARTHEST = 10.0  # standard deviations that a number may lie from the mean
Value = float | str | None


class Tabular(Modality):
    """Standardised numbers and one-hot categories, each with its own mask.

    A category that train does not have, or that is not among its most frequent, counts as "other".
    A missing value is NaN in what `encode` returns, and zeros with mask False in the batch.

    Args:
        numbers: list of columns that hold numbers.
        categories: list of columns that hold categories. With neither list, a column is a number
            if every value in the train split is one.
        max_categories: int, categories of a column that get a feature of their own.
        noise: float, augmentation: normal noise on numbers, in standard deviations.

    Example:

    >>> table = Tabular()
    >>> rows = [{"age": "30", "town": "Rome"}, {"age": "50", "town": "Oslo"}]
    >>> table.fit(table.decode(row) for row in rows)
    >>> table.features
    ['age', 'town=Oslo', 'town=Rome', 'town=other']
    >>> table.encode(table.decode({"age": 50, "town": "Rome"})).tolist()
    [1.0, 0.0, 1.0, 0.0]
    """

    has_fields = True
    whole_row = True

    def __init__(
        self,
        numbers: list | None = None,
        categories: list | None = None,
        max_categories: int = 50,
        noise: float = 0.0,
    ):
        check_range("Tabular", "max_categories", max_categories, 1, 10_000)
        check_range("Tabular", "noise", noise, 0, 10)
        twice = set(numbers or ()) & set(categories or ())
        if twice:
            raise RecipeError(
                f"Tabular needs each column once. Got {sorted(twice)} as number and category.")
        self.numbers, self.categories = numbers, categories
        self.max_categories, self.noise = max_categories, noise
        self.mean, self.std = Moments().result(len(numbers or ()))
        self.levels: dict[str, list[str]] = {column: [] for column in categories or ()}

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        rows = [cell for cell in cells if isinstance(cell, dict)]
        numbers, categories = _kinds(rows)
        return {"numbers": numbers, "categories": categories} if rows else {}

    @property
    def features(self) -> list[str]:
        """Names of the features, in the order of the encoded vector."""
        return list(self.numbers or ()) + [
            f"{column}={level}"
            for column, levels in self.levels.items()
            for level in [*levels, "other"]
        ]

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (len(self.features),)

    def decode(
        self, cell: dict[str, Any], root: str | os.PathLike | None = None
    ) -> dict[str, Value]:
        """Returns `{column: number, text, or None when missing}`.

        Raises:
            DataError: a column of numbers holds something else.
        """
        if not isinstance(cell, dict):
            raise DataError(f"needs {{column: value}}. Got {type(cell).__name__}.",
                            "Check the modality of this column.", reason="not_a_row")
        plain: dict[str, Value] = {}
        for column, value in cell.items():
            if self.numbers is not None and column in self.numbers:
                plain[column] = _required_number(column, value)
            else:
                plain[column] = _category(value)
        return plain

    def fit(self, decoded: Iterable[dict[str, Value]]) -> None:
        rows = list(decoded)
        if self.numbers is None and self.categories is None:
            self.numbers, self.categories = _kinds(rows)
        self.numbers, self.categories = self.numbers or [], self.categories or []
        found = [self._number(rows, column) for column in self.numbers]
        self.mean = np.array([mean for mean, _ in found], np.float32)
        self.std = np.array([std for _, std in found], np.float32)
        for column in self.categories:
            counts = Counter(_category(row.get(column)) for row in rows)
            counts.pop(None, None)
            ranked = sorted(counts, key=lambda level: (-counts[level], level))
            self.levels[column] = sorted(ranked[: self.max_categories])

    def augment(self, decoded: dict[str, Value], rng: np.random.Generator) -> dict[str, Value]:
        if not (self.noise and self.numbers):
            return decoded
        noise = rng.standard_normal(len(self.numbers)) * self.std * self.noise
        varied = dict(decoded)
        for column, change in zip(self.numbers, noise, strict=True):
            value = _number(decoded.get(column))
            varied[column] = None if value is None else value + float(change)
        return varied

    def encode(self, decoded: dict[str, Value]) -> np.ndarray:
        features = np.zeros(self.shape[0] or 0, np.float32)
        values = [_number(decoded.get(column)) for column in self.numbers or ()]
        known = np.array([math.nan if value is None else value for value in values], np.float64)
        end = len(known)
        features[:end] = np.clip((known - self.mean) / self.std, -_FARTHEST, _FARTHEST)
        for column, levels in self.levels.items():
            start, end = end, end + len(levels) + 1
            value = _category(decoded.get(column))
            if value is None:
                features[start:end] = math.nan
            else:
                features[start + (levels.index(value) if value in levels else len(levels))] = 1
        return features

    def state(self) -> dict[str, Any]:
        return {"numbers": self.numbers, "categories": self.categories, "levels": self.levels,
                "mean": self.mean.tolist(), "std": self.std.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        fields = Fields(state)
        self.numbers = fields.texts_or_none("numbers")
        self.categories = fields.texts_or_none("categories")
        levels = Fields(fields.mapping("levels"))
        self.levels = {column: levels.texts(column) for column in fields.mapping("levels")}
        if list(self.levels) != (self.categories or []):
            raise BundleError('needs "levels" of each of its categories. Got those of '
                              f"{shown(list(self.levels))}. Take the bundle from its source again.")
        self.mean, self.std = mean_and_std(fields, len(self.numbers or ()))

    def _number(self, rows: list[dict[str, Value]], column: str) -> tuple[float, float]:
        values = [_number(row.get(column)) for row in rows]
        moments = Moments()
        moments.add(np.array([value for value in values if value is not None]).reshape(-1, 1))
        mean, std = moments.result(1)
        return float(mean[0]), float(std[0])


def _kinds(rows: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Returns the columns of numbers and those of categories, in the order of first sight."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    numeric = {column: bool(rows) for column in columns}
    for row in rows:
        for column, value in row.items():
            if value is not None and not _is_missing(value) and _number(value) is None:
                numeric[column] = False
    return [c for c in columns if numeric[c]], [c for c in columns if not numeric[c]]


def _number(value: Any) -> float | None:
    """Returns a finite number, or None for anything else. True and False are categories."""
    if isinstance(value, bool | np.bool_) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _required_number(column: str, value: Any) -> float | None:
    if value is None or _is_missing(value):
        return None
    number = float(value) if isinstance(value, bool) else _number(value)
    if number is None:
        raise DataError(f'needs a number in "{column}". Got {value!r}.',
                        "Correct it, empty it, or list the column under categories.",
                        reason="not_a_number")
    return number


def _is_missing(value: Any) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, str) and value.strip().lower() in _MISSING


def _category(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():  # 3.0 where a column has gaps, else 3
        return str(int(value))
    return str(value).strip() or None
