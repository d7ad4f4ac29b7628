"""Bootstrap intervals: how much a metric could vary with a different table of the same kind."""

from __future__ import annotations

from polymodal.core.errors import RecipeError
from polymodal.core.predictions import Predictions
from polymodal.evaluation.bootstrap import resampled
from polymodal.evaluation.bounds import bounds
from polymodal.evaluation.decisions import known
from polymodal.evaluation.draws import units
from polymodal.evaluation.groups import too_few_groups

__all__ = ["WITHOUT_INTERVAL", "intervals"]

WITHOUT_INTERVAL = ("calibration_error",)  # see `bootstrap`


def intervals(predictions: Predictions, seed: int = 0, num_samples: int = 1000,
              level: float = 0.95) -> dict[str, list[float]]:
    """Returns the percentile bootstrap interval of the metrics, calibration_error excepted.

    Rows are sampled with replacement; with `predictions.groups`, whole groups are, and the steps of
    a sequence stay together, since outputs of one recording are similar (the cluster bootstrap).
    Rates of 0 and 1 have the interval that `bounds` describes.

    Args:
        predictions: Predictions; only scored rows count.
        seed: int, key of the resamples.
        num_samples: int, number of resamples, at least 2. auroc takes fewer when rows x classes is
            large, and gets no interval above some three million.
        level: float in (0, 1), share of resamples inside the interval.

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
    return bounds(resampled(rest, num_samples, seed), num_units, level)
