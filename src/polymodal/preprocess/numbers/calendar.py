"""The parts of a date that a model can use."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.preprocess.numbers.statistics import Moments, mean_and_std
from polymodal.tables.reading.dates import Moment

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAMES = (
    "days since the first",
    "year",
    "month, sine",
    "month, cosine",
    "hour, sine",
    "hour, cosine",
    *_WEEKDAYS,
)
_NUM_AMOUNTS = 2  # the first features are amounts, the others lie in -1..1 by themselves
_FARTHEST = 10.0  # standard deviations that an amount may lie from the mean


class Calendar:
    """Dates of one column as features: elapsed days, year, month, weekday, and hour.

    Elapsed days and years are standardised; months and hours lie on a circle, so that December is
    next to January; each weekday has a feature. What never varies in train is not a feature: the
    hour, where no times are written, and the year, where all dates are of one.

    Example:

    >>> from polymodal.tables.reading.dates import read_date
    >>> calendar = Calendar()
    >>> calendar.fit([read_date("2023-01-02"), read_date("2023-04-03")])
    >>> calendar.features
    ['days since the first', 'month, sine', 'month, cosine']
    """

    def __init__(self) -> None:
        self._first = 0.0
        self._mean, self._std = Moments().result(_NUM_AMOUNTS)
        self._kept: list[int] = []

    @property
    def features(self) -> list[str]:
        """Names of the features, in the order of the encoded vector."""
        return [_NAMES[index] for index in self._kept]

    def fit(self, moments: Iterable[Any]) -> None:
        """Fits to the dates of the train split, None where missing."""
        found = [moment for moment in moments if isinstance(moment, Moment)]
        if not found:
            return
        self._first = min(moment.days for moment in found)
        parts = np.array([self._parts(moment) for moment in found])
        varies = parts.max(axis=0) - parts.min(axis=0) > 1e-9
        self._kept = np.flatnonzero(varies).tolist()
        amounts = Moments()
        amounts.add(parts[:, :_NUM_AMOUNTS])
        self._mean, self._std = amounts.result(_NUM_AMOUNTS)

    def encode(self, moment: Any) -> np.ndarray:
        """Returns the features of a date, float32; NaN where it is missing."""
        if not isinstance(moment, Moment):
            return np.full(len(self._kept), math.nan, np.float32)
        parts = self._parts(moment)
        amounts = (parts[:_NUM_AMOUNTS] - self._mean) / self._std
        parts[:_NUM_AMOUNTS] = np.clip(amounts, -_FARTHEST, _FARTHEST)
        return parts[self._kept].astype(np.float32)

    def state(self) -> dict[str, Any]:
        """Returns what `fit` learned, as plain JSON values."""
        return {
            "first": self._first,
            "mean": self._mean.tolist(),
            "std": self._std.tolist(),
            "features": self.features,
        }

    @classmethod
    def restored(cls, fields: Fields) -> Calendar:
        """Returns the calendar whose `state` this is.

        Raises:
            BundleError: a field is absent or of another type.
        """
        calendar = cls()
        calendar._first = fields.number("first")
        calendar._mean, calendar._std = mean_and_std(fields, _NUM_AMOUNTS)
        names = fields.texts("features")
        if not set(names) <= set(_NAMES):
            raise BundleError(
                f'needs "features" among {", ".join(_NAMES)}. Got {shown(names)}. '
                "Take the bundle from its source again."
            )
        calendar._kept = [_NAMES.index(name) for name in names]
        return calendar

    def _parts(self, moment: Moment) -> np.ndarray:
        when = moment.when
        month = 2 * math.pi * (when.month - 1) / 12
        hour = 2 * math.pi * (when.hour + when.minute / 60) / 24
        weekday = [float(when.weekday() == day) for day in range(7)]
        if moment.has_time:
            hours = [math.sin(hour), math.cos(hour)]
        else:
            hours = [0.0, 0.0]
        return np.array(
            [
                moment.days - self._first,
                when.year,
                math.sin(month),
                math.cos(month),
                *hours,
                *weekday,
            ]
        )
