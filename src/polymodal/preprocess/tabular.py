"""Numbers, dates and categories of several columns as one vector of features."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError, DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.preprocess.modality import Modality, check_range
from polymodal.preprocess.numbers.calendar import Calendar
from polymodal.preprocess.numbers.statistics import Moments, mean_and_std
from polymodal.tables.reading.dates import Moment, read_date
from polymodal.tables.reading.labels import Spellings, label_key, spelling_notes
from polymodal.tables.reading.numbers import MISSING, NumberFormat
from polymodal.tables.reading.reading import Reading, reading_option, readings_of

__all__ = ["Tabular"]

_FARTHEST = 10.0  # standard deviations that a number may lie from the mean
Value = float | str | Moment | None


class Tabular(Modality):
    """Standardised numbers, parts of dates, and one-hot categories, each with its own mask.

    A category that train lacks, or that is not among its most frequent, counts as "other".
    A missing value is NaN in what `encode` returns, and zeros with mask False in the batch; so is
    an infinite number.

    Args:
        numbers: list of columns that hold numbers.
        categories: list of columns that hold categories.
        dates: list of columns that hold dates. With none of these lists, a column is a number if
            every value in the train split is one, and else a category.
        readings: mapping of columns to how their cells are read, as `columns` of a recipe has it.
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

    encoder = "tabular"
    has_fields = True
    whole_row = True

    def __init__(
        self,
        numbers: list | None = None,
        categories: list | None = None,
        dates: list | None = None,
        readings: dict | None = None,
        max_categories: int = 50,
        noise: float = 0.0,
    ):
        check_range("Tabular", "max_categories", max_categories, 1, 10_000)
        check_range("Tabular", "noise", noise, 0, 10)
        named = [*(numbers or ()), *(categories or ()), *(dates or ())]
        twice = sorted({column for column in named if named.count(column) > 1})
        if twice:
            raise RecipeError(
                f"Tabular needs each column once. Got {twice} more often among "
                "numbers, categories and dates."
            )
        self.numbers, self.categories, self.dates = numbers, categories, dates
        self.max_categories, self.noise = max_categories, noise
        self.mean, self.std = Moments().result(len(numbers or ()))
        self.readings = readings_of(readings)
        self._formats = {column: self._reading(column).numbers for column in named}
        self._usual = MISSING
        self._calendars = {column: Calendar() for column in dates or ()}
        self._spellings: dict[str, Spellings] = {}
        self._set_levels({column: [] for column in categories or ()})

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        rows = [cell for cell in cells if isinstance(cell, dict)]
        numbers, categories = _kinds(rows)
        if rows:
            return {"numbers": numbers, "categories": categories}
        return {}

    @property
    def features(self) -> list[str]:
        """Names of the features, in the order of the encoded vector."""
        return (
            list(self.numbers or ())
            + [
                f"{column} {part}"
                for column, calendar in self._calendars.items()
                for part in calendar.features
            ]
            + [
                f"{column}={level}"
                for column, levels in self.levels.items()
                for level in [*levels, "other"]
            ]
        )

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (len(self.features),)

    @property
    def formats(self) -> dict[str, NumberFormat]:
        """How each column of numbers is written."""
        return {column: self._formats[column] for column in self.numbers or ()}

    def decode(
        self, cell: dict[str, Any], root: str | os.PathLike | None = None
    ) -> dict[str, Value]:
        """Returns `{column: number, date, text, or None when missing}`.

        Raises:
            DataError: a column of numbers or dates holds something else.
        """
        if not isinstance(cell, dict):
            raise DataError(
                f"needs {{column: value}}. Got {type(cell).__name__}.",
                "Check the modality of this column.",
                reason="not_a_row",
            )
        return {column: self._decoded(column, value) for column, value in cell.items()}

    def gaps(self, cell: dict[str, Any]) -> list[str]:
        return [
            column
            for column in self.numbers or ()
            if _may_be_infinite(cell.get(column))
            and math.isinf(self._formats[column].read(cell[column]) or 0)
        ]

    def fit(self, decoded: Iterable[dict[str, Value]]) -> None:
        rows = list(decoded)
        if self.numbers is None and self.categories is None and self.dates is None:
            self.numbers, self.categories = _kinds(rows)
            self._formats = {
                column: self._reading(column).numbers
                for column in [*self.numbers, *self.categories]
            }
        self.numbers, self.categories = self.numbers or [], self.categories or []
        self.dates = self.dates or []
        found = [self._number(rows, column) for column in self.numbers]
        self.mean = np.array([mean for mean, _ in found], np.float32)
        self.std = np.array([std for _, std in found], np.float32)
        for column, calendar in self._calendars.items():
            calendar.fit(row.get(column) for row in rows)
        self._set_levels({column: self._ranked(rows, column) for column in self.categories})

    def notes(self) -> list[str]:
        return [
            note
            for name, spellings in self._spellings.items()
            for note in spelling_notes(name, spellings, reading_option(name, "ignore_case", True))
        ]

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
        for column, calendar in self._calendars.items():
            start, end = end, end + len(calendar.features)
            features[start:end] = calendar.encode(decoded.get(column))
        for column, levels in self.levels.items():
            start, end = end, end + len(levels) + 1
            value = self._category(column, decoded.get(column))
            if value is None:
                features[start:end] = math.nan
            else:
                features[start + self._places[column].get(value, len(levels))] = 1
        return features

    def state(self) -> dict[str, Any]:
        return {
            "numbers": self.numbers,
            "categories": self.categories,
            "dates": self.dates,
            "levels": self.levels,
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "readings": {name: one.to_dict() for name, one in self.readings.items()},
            "formats": {name: one.state() for name, one in self._formats.items()},
            "missing": list(self._usual),
            "calendars": {name: one.state() for name, one in self._calendars.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        fields = Fields(state)
        self.numbers = fields.texts_or_none("numbers")
        self.categories = fields.texts_or_none("categories")
        self.dates = fields.texts("dates") if "dates" in fields else []
        levels = Fields(fields.mapping("levels"))
        self._restore_readings(fields)
        self._set_levels({column: levels.texts(column) for column in fields.mapping("levels")})
        if list(self.levels) != (self.categories or []):
            raise BundleError(
                'needs "levels" of each of its categories. Got those of '
                f"{shown(list(self.levels))}. Take the bundle from its source again."
            )
        self.mean, self.std = mean_and_std(fields, len(self.numbers or ()))

    def _restore_readings(self, fields: Fields) -> None:
        """Takes from a state how cells are read; runs of before lack it and read plain cells."""
        settings = {}
        if "readings" in fields:
            settings = fields.mapping("readings")
        try:
            self.readings = readings_of(settings)
        except RecipeError as error:
            raise BundleError(
                f'needs "readings" of columns. Got {shown(settings)}: {error} Take '
                "the bundle from its source again."
            ) from None
        self._usual = tuple(fields.texts("missing")) if "missing" in fields else MISSING
        named = [*(self.numbers or ()), *(self.categories or ()), *(self.dates or ())]
        self._formats = {column: self._reading(column).numbers for column in named}
        kept = Fields(fields.mapping("formats") if "formats" in fields else {})
        self._formats |= {
            column: NumberFormat.restored(Fields(kept.mapping(column)), self._usual)
            for column in named
            if column in kept
        }
        calendars = Fields(fields.mapping("calendars") if self.dates else {})
        self._calendars = {
            column: Calendar.restored(Fields(calendars.mapping(column)))
            for column in self.dates or ()
        }

    def _reading(self, column: str) -> Reading:
        return self.readings.get(column, Reading())

    def _set_levels(self, levels: dict[str, list[str]]) -> None:
        self.levels = levels
        self._places = {
            column: {
                label_key(level, self._ignores_case(column)): place
                for place, level in enumerate(names)
            }
            for column, names in levels.items()
        }

    def _ignores_case(self, column: str) -> bool:
        return bool(self._reading(column).ignore_case)

    def _decoded(self, column: str, value: Any) -> Value:
        if self.numbers is not None and column in self.numbers:
            return self._required_number(column, value)
        if column in self._calendars:
            return self._required_date(column, value)
        formats = self._formats.get(column)  # a category is missing where somebody said so
        if formats is not None and formats.missing and formats.is_missing(value):
            return None
        return _category(value)

    def _required_number(self, column: str, value: Any) -> float | None:
        try:
            if isinstance(value, bool):
                number = float(value)
            else:
                number = self._formats[column].read(value)
        except ValueError as error:
            raise DataError(
                str(error),
                "Correct it, empty it, or train with "
                f"{reading_option(column, 'missing', [_plain(value)])} to have it read as missing.",
                column=column,
                reason="not_a_number",
            ) from None
        if number is not None and math.isfinite(number):
            return number
        return None

    def _required_date(self, column: str, value: Any) -> Moment | None:
        if self._formats[column].is_missing(value):
            return None
        date = read_date(value, bool(self._reading(column).day_first))
        if date is None:
            order = {None: "", True: ", day first", False: ", month first"}
            raise DataError(
                f"needs a date{order[self._reading(column).day_first]}. Got {value!r}.",
                "Correct it or empty it.",
                column=column,
                reason="not_a_date",
            )
        return date

    def _ranked(self, rows: list[dict[str, Value]], column: str) -> list[str]:
        """Returns the most frequent categories in the order of their names."""
        spellings = self._spellings[column] = Spellings(self._ignores_case(column))
        for row in rows:
            if row.get(column) is not None:
                spellings.add(row[column])
        shown = spellings.labels()
        ranked = sorted(shown, key=lambda key: (-spellings.count(key), shown[key]))
        return sorted(shown[key] for key in ranked[: self.max_categories])

    def _category(self, column: str, value: Value) -> str | None:
        if value is None:
            return None
        return label_key(value, self._ignores_case(column))

    def _number(self, rows: list[dict[str, Value]], column: str) -> tuple[float, float]:
        values = [_number(row.get(column)) for row in rows]
        moments = Moments()
        moments.add(np.array([value for value in values if value is not None]).reshape(-1, 1))
        mean, std = moments.result(1)
        return float(mean[0]), float(std[0])


def _kinds(rows: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Returns the columns of numbers and those of categories, in the order of first sight."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    numeric, plain = {column: bool(rows) for column in columns}, NumberFormat()
    for row in rows:
        for column, value in row.items():
            if not plain.is_missing(value) and _number(value) is None:
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
    if math.isfinite(number):
        return number
    return None


def _may_be_infinite(value: Any) -> bool:
    return (isinstance(value, float) and math.isinf(value)) or (
        isinstance(value, str) and ("in" in value.lower() or "e" in value.lower() or "∞" in value)
    )


def _plain(value: Any) -> Any:
    """Returns a value as an option can name it."""
    if isinstance(value, str | int | float):
        return value
    return str(value)


def _category(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool | np.bool_):
        if value:
            return "true"
        return "false"
    if isinstance(value, float) and value.is_integer():  # 3.0 where a column has gaps, else 3
        return str(int(value))
    return str(value).strip() or None
