"""Scores of rows with their intervals: the only source for results, slices and reports."""

from __future__ import annotations

from typing import Any

from polymodal.core.predictions import Predictions
from polymodal.evaluation.decisions import known
from polymodal.evaluation.groups import grouped_json, too_few_groups
from polymodal.evaluation.intervals import WITHOUT_INTERVAL, intervals
from polymodal.evaluation.metrics import score

__all__ = ["scored_json"]


def scored_json(predictions: Predictions, seed: int = 0, num_samples: int = 1000) -> dict[str, Any]:
    """Returns metrics and intervals of the rows whose target is known.

    Args:
        predictions: Predictions with at least one scored row.
        seed: int, key of the bootstrap resamples.
        num_samples: int, number of resamples.

    Returns:
        {"metrics": {metric: value}, "intervals": {metric: [low, high]}}. Of rows in groups there
        are "group", the column, and "num_groups" too, and where there are too few of them each
        interval is None.

    Raises:
        DataError: no row has a target.
    """
    rest = known(predictions)
    metrics = score(rest)
    bounds: dict[str, Any] = {} if too_few_groups(rest) else intervals(rest, seed, num_samples)
    if too_few_groups(rest):
        bounds = {name: None for name in metrics if name not in WITHOUT_INTERVAL}
    return {**grouped_json(rest), "metrics": metrics, "intervals": bounds}
