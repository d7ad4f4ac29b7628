"""Paired comparison of two models on the same rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions, Scores, Task
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import unknown
from polymodal.evaluation.decisions import known
from polymodal.evaluation.groups import count_groups, too_few_groups
from polymodal.evaluation.metrics import measured
from polymodal.evaluation.resampling.bounds import percentiles
from polymodal.evaluation.resampling.draws import units
from polymodal.evaluation.resampling.intervals import resampled

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
        higher_is_better: bool, whether a larger value of the metric is.
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
    higher_is_better: bool = True

    @property
    def better(self) -> str:
        """Gives "first", "second", or "cannot tell" when the interval holds 0, or there is none."""
        if self.interval is None:
            return "cannot tell"
        low, high = self.interval
        if low <= 0 <= high:
            return "cannot tell"
        if (low > 0) == self.higher_is_better:
            return "first"
        return "second"

    def to_json(self) -> dict[str, Any]:
        """Returns the values; `group` and `num_groups` only where rows come in groups, an interval
        without bounds as None, for which JSON has no numbers."""
        left_out = {"higher_is_better"} | (
            {"group", "num_groups"} if self.num_groups is None else set()
        )
        found = {name: value for name, value in vars(self).items() if name not in left_out}
        bounded = self.interval is not None and bool(np.isfinite(self.interval).all())
        return found | {"interval": self.interval if bounded else None}


def compare(
    a: Predictions,
    b: Predictions,
    metric: str | None = None,
    seed: int = 0,
    num_samples: int = 1000,
    level: float = 0.95,
    scores: tuple[Scores, Scores] | None = None,
) -> Comparison:
    """Compares two models on the rows that both scored, with the same resamples of rows for both,
    or of groups, if the first has them.

    Args:
        a: Predictions of the first model.
        b: Predictions of the second model on the same table.
        metric: str, a metric that has an interval; None means the headline metric of the task.
        seed: int, key of the draws.
        num_samples: int, number of draws.
        level: float in (0, 1), share of draws inside the interval.
        scores: what `task.scores` gave for the scored rows of each, where it is at hand.

    Raises:
        DataError: no row is shared, or a shared row has two different targets.
        RecipeError: no such metric.
    """
    a, b = known(a), known(b)
    first, second = scores or (a.task.scores(a), b.task.scores(b))
    places = _shared_places(a, b)
    scores = _part(first, places[0], len(a)), _part(second, places[1], len(b))
    a, b = _on_shared(a.take(places[0]), b.take(places[1]))
    metric = metric or a.task.headline
    values = measured(a, scores[0]), measured(b, scores[1])
    known_names = sorted((set(values[0]) & set(values[1])) - set(scores[0].fixed()))
    if metric not in known_names:
        raise RecipeError(unknown("metric", metric, known_names))
    gap = values[0][metric] - values[1][metric]
    bounds = None
    if not too_few_groups(a):
        bounds = _interval(a, scores, metric, seed, num_samples, level)
    return Comparison(
        metric,
        values[0][metric],
        values[1][metric],
        gap,
        bounds,
        len(a),
        level,
        a.group_column,
        count_groups(a),
        a.task.higher_is_better(metric),
    )


def _interval(
    a: Predictions,
    scores: tuple[Scores, Scores],
    metric: str,
    seed: int,
    num_samples: int,
    level: float,
) -> list[float]:
    bounds = None
    if units(a).max() > 0:  # the second model's units are those of the first
        first, second = (resampled(a, one, num_samples, seed, metric)[metric] for one in scores)
        bounds = percentiles(first - second, level)
    # One row or group cannot be resampled: the interval is open, which is "cannot tell".
    return bounds or [-np.inf, np.inf]


def _part(scores: Scores, places: np.ndarray, count: int) -> Scores:
    """Returns the scores of some of `count` outputs."""
    if np.array_equal(places, np.arange(count)):
        return scores
    return scores.take(places)


def _shared_places(a: Predictions, b: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Returns where the outputs that both have are in each."""
    keys, alike = (_keys(a), _keys(b)), a.task == b.task
    if (a.steps is None) != (b.steps is None) and _has_a_row_each(a) and _has_a_row_each(b):
        keys = a.rows.tolist(), b.rows.tolist()  # one of them reads each row of a sequence alone
        alike = _kind(a.task) == _kind(b.task)
    first, second = ({key: i for i, key in enumerate(one)} for one in keys)
    both = [key for key in keys[0] if key in second]
    if not both or not alike:
        raise DataError(
            f"compare needs two models of one task on the same rows. Got {len(a)} rows of "
            f"{a.task.name} and {len(b)} of {b.task.name}, {len(both)} of them shared. "
            "Evaluate both on one table.",
            reason="not_comparable",
        )
    return (np.array([first[key] for key in both]), np.array([second[key] for key in both]))


def _on_shared(a: Predictions, b: Predictions) -> tuple[Predictions, Predictions]:
    """Returns both with the groups of the first, checked to be about the same."""
    if a.labels != b.labels or not np.array_equal(np.asarray(a.targets), np.asarray(b.targets)):
        raise DataError(
            "compare needs the same labels and targets in both. Got different ones. Evaluate both "
            "models on one table.",
            reason="not_comparable",
        )
    return a, replace(b, groups=a.groups, group_column=a.group_column)


def _keys(one: Predictions) -> list[tuple[int, int]]:
    steps = np.zeros(len(one), np.int64)
    if one.steps is not None:
        steps = one.steps
    return list(zip(one.rows.tolist(), steps.tolist(), strict=True))


def _kind(task: Task) -> tuple[Any, ...]:
    return task.has_numbers, task.choice, task.is_text, task.headline


def _has_a_row_each(one: Predictions) -> bool:
    return len(np.unique(one.rows)) == len(one)
