"""Paired comparison of two models on the same rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.predictions import Predictions
from polymodal.evaluation.bootstrap import resampled
from polymodal.evaluation.bounds import percentiles
from polymodal.evaluation.decisions import known
from polymodal.evaluation.draws import units
from polymodal.evaluation.groups import count_groups, too_few_groups
from polymodal.evaluation.metrics import higher_is_better, score

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """Difference between two models in one metric, with its paired bootstrap interval.

    Args:
        metric: str, name of the metric.
        first: float, value of the first model on the shared rows.
        second: float, value of the second.
        difference: float, first minus second.
        interval: [low, high] of the difference; without bounds where there is one row, None where
            there are fewer groups than `groups.MIN_GROUPS`.
        num_rows: int, outputs compared.
        level: float, share of resamples inside the interval.
        group: str, column whose equal values were resampled together; "" for rows.
        num_groups: int, how many of them there are, or None.
    """

    metric: str
    first: float
    second: float
    difference: float
    interval: list[float] | None
    num_rows: int
    level: float
    group: str = ""
    num_groups: int | None = None

    @property
    def better(self) -> str:
        """"first", "second", or "cannot tell" when the interval holds 0, or there is none."""
        if self.interval is None:
            return "cannot tell"
        low, high = self.interval
        if low <= 0 <= high:
            return "cannot tell"
        return "first" if (low > 0) == higher_is_better(self.metric) else "second"

    def to_json(self) -> dict[str, Any]:
        """Returns the fields; `group` and `num_groups` only where rows come in groups, an interval
        without bounds as None, for which JSON has no numbers."""
        found = {name: value for name, value in vars(self).items()
                 if self.num_groups is not None or name not in ("group", "num_groups")}
        bounded = self.interval is not None and bool(np.isfinite(self.interval).all())
        return found | {"interval": self.interval if bounded else None}


def compare(a: Predictions, b: Predictions, metric: str | None = None, seed: int = 0,
            num_samples: int = 1000, level: float = 0.95) -> Comparison:
    """Compares two models on the rows that both scored, with the same resamples of rows for both,
    or of groups, if the first has them.

    Args:
        a: Predictions of the first model.
        b: Predictions of the second model on the same table.
        metric: str, a metric that has an interval; None means the headline metric of the task.
        seed: int, key of the resamples.
        num_samples: int, number of resamples.
        level: float in (0, 1), share of resamples inside the interval.

    Raises:
        DataError: no row is shared, or a shared row has two different targets.
        RecipeError: no such metric.
    """
    a, b = _shared(known(a), known(b))
    metric = metric or a.task.headline
    values = score(a), score(b)
    known_names = sorted((set(values[0]) & set(values[1])) - {"calibration_error"})
    if metric not in known_names:
        raise RecipeError(unknown("metric", metric, known_names))
    gap = values[0][metric] - values[1][metric]
    bounds = None if too_few_groups(a) else _interval(a, b, metric, seed, num_samples, level)
    return Comparison(metric, values[0][metric], values[1][metric], gap, bounds, len(a), level,
                      a.group_column, count_groups(a))


def _interval(a: Predictions, b: Predictions, metric: str, seed: int, num_samples: int,
              level: float) -> list[float]:
    bounds = None
    if units(a).max() > 0:
        first, second = (resampled(one, num_samples, seed, metric)[metric] for one in (a, b))
        bounds = percentiles(first - second, level)
    # One row or group cannot be resampled: the interval is open, which is "cannot tell".
    return bounds or [-np.inf, np.inf]


def _shared(a: Predictions, b: Predictions) -> tuple[Predictions, Predictions]:
    keys = [list(zip(one.rows.tolist(), _steps(one).tolist(), strict=True)) for one in (a, b)]
    places = [{key: i for i, key in enumerate(one)} for one in keys]
    both = [key for key in keys[0] if key in places[1]]
    if not both or a.task.name != b.task.name:
        raise DataError(
            f"compare needs two models of one task on the same rows. Got {len(a)} rows of "
            f"{a.task.name} and {len(b)} of {b.task.name}, {len(both)} of them shared. "
            "Evaluate both on one table.", reason="not_comparable")
    a, b = (one.take(np.array([place[key] for key in both]))
            for one, place in zip((a, b), places, strict=True))
    if a.labels != b.labels or not np.array_equal(np.asarray(a.targets), np.asarray(b.targets)):
        raise DataError(
            "compare needs the same labels and targets in both. Got different ones. Evaluate both "
            "models on one table.", reason="not_comparable")
    return a, replace(b, groups=a.groups, group_column=a.group_column)


def _steps(one: Predictions) -> np.ndarray:
    return np.zeros(len(one), np.int64) if one.steps is None else one.steps
