"""Bootstrap intervals: how much a metric could vary with a different table of the same kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions, Scores
from polymodal.core.errors import RecipeError
from polymodal.evaluation.decisions import known
from polymodal.evaluation.groups import grouped_json, too_few_groups
from polymodal.evaluation.metrics import measured
from polymodal.evaluation.resampling.bounds import bounds
from polymodal.evaluation.resampling.draws import counts, units

__all__ = ["intervals", "resampled", "scored"]


def intervals(
    predictions: Predictions,
    seed: int = 0,
    num_samples: int = 1000,
    level: float = 0.95,
    scores: Scores | None = None,
) -> dict[str, list[float]]:
    """Returns the percentile bootstrap interval of the metrics that have one.

    Rows are sampled with replacement; with `predictions.groups`, whole groups are, and the steps of
    a sequence stay together, since outputs of one recording are similar (the cluster bootstrap).
    Rates of 0 and 1 have the interval that `bounds` describes.

    Args:
        predictions: Predictions; only scored rows count.
        seed: int, key of the resamples.
        num_samples: int, number of resamples, at least 2. auroc takes fewer when rows x classes is
            large, and gets no interval above some three million.
        level: float in (0, 1), share of draws inside the interval.
        scores: what `task.scores` gave for the scored rows, where it is at hand.

    Returns:
        {metric: [low, high]}; empty if there is only one row to resample, or fewer groups of
        `group_column` than `groups.MIN_GROUPS`.

    Raises:
        DataError: no row has a target.
        RecipeError: `num_samples` or `level` is out of range.
    """
    if num_samples < 2 or not 0 < level < 1:
        raise RecipeError(
            f"intervals needs num_samples of at least 2 and a level between 0 and 1. Got "
            f"num_samples={num_samples}, level={level}. Leave them out for 1000 and 0.95."
        )
    rest = known(predictions)
    num_units = int(units(rest).max()) + 1
    if num_units == 1 or too_few_groups(rest):
        return {}
    draws = resampled(rest, scores or rest.task.scores(rest), num_samples, seed)
    return bounds(draws, num_units, level)


def resampled(
    rest: Predictions, scores: Scores, num_samples: int, seed: int, only: str | None = None
) -> dict[str, np.ndarray]:
    """Returns {metric: (samples,)} over bootstrap resamples; undefined values are nan.

    Args:
        rest: Predictions, scored rows only.
        scores: what `task.scores` gave for them.
        num_samples: int, number of resamples.
        seed: int, key of the resamples. Equal units and seed give equal draws, which is what
            makes a comparison of two models paired.
        only: str, the one metric wanted; None means all.
    """
    blocks = [scores(block, only) for block in counts(units(rest), num_samples, seed)]
    return {
        name: np.concatenate([block[name] for block in blocks if name in block])
        for name in blocks[0]
    }


def scored(
    rest: Predictions, scores: Scores, seed: int = 0, num_samples: int = 1000
) -> dict[str, Any]:
    """Returns metrics and intervals of rows that all have a target.

    Args:
        rest: Predictions, scored rows only.
        scores: what `task.scores` gave for them.
        seed: int, key of the bootstrap draws.
        num_samples: int, number of draws.

    Returns:
        {"metrics": {metric: value}, "intervals": {metric: [low, high]}}. Of rows in groups there
        are "group", the column, and "num_groups" too, and where there are too few of them each
        interval is None.
    """
    metrics = measured(rest, scores)
    bounds: dict[str, Any]
    if too_few_groups(rest):
        bounds = {name: None for name in metrics if name not in scores.fixed()}
    else:
        bounds = intervals(rest, seed, num_samples, scores=scores)
    return {**grouped_json(rest), "metrics": metrics, "intervals": bounds}
