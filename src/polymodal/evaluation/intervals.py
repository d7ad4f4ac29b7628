"""Bootstrap intervals: how far a metric could move with other rows of the same kind."""

from __future__ import annotations

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.core.predictions import Predictions
from polymodal.evaluation.bootstrap import resampled, units
from polymodal.evaluation.metrics import known

__all__ = ["intervals", "percentiles"]


def intervals(predictions: Predictions, seed: int = 0, num_samples: int = 1000,
              level: float = 0.95) -> dict[str, list[float]]:
    """Returns the percentile bootstrap interval of the metrics, calibration_error excepted.

    Rows are drawn with replacement; where `predictions.groups` is given, whole groups are, and the
    steps of a sequence stay together, since outputs of one recording resemble each other.

    Args:
        predictions: Predictions; only scored rows count.
        seed: int, key of the draws.
        num_samples: int, number of draws, at least 2. auroc takes fewer when rows x classes is
            large, and gets no interval above some three million.
        level: float in (0, 1), share of draws inside the interval.

    Returns:
        {metric: [low, high]}; empty when there is only one row or group to draw from.

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
    if units(rest).max() == 0:
        return {}
    draws = resampled(rest, num_samples, seed)
    bounds = {name: percentiles(values, level) for name, values in draws.items()}
    return {name: both for name, both in bounds.items() if both is not None}


def percentiles(values: np.ndarray, level: float) -> list[float] | None:
    """Returns the bounds that leave out (1 - level) / 2 on each side; None if nothing is finite."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    tail = 50 * (1 - level)
    return [float(bound) for bound in np.percentile(values, [tail, 100 - tail])]
