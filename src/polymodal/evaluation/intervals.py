"""Bootstrap intervals: how far a metric could move with other rows of the same kind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.core.predictions import Predictions
from polymodal.evaluation.bootstrap import resampled, units
from polymodal.evaluation.groups import too_few_groups
from polymodal.evaluation.metrics import known

__all__ = ["WITHOUT_INTERVAL", "bounds", "intervals", "percentiles"]

WITHOUT_INTERVAL = ("calibration_error",)  # see `bootstrap`

_RATES = ("accuracy", "exact_match", "f1_macro", "f1_micro", "f1_weighted", "wer", "cer")


def intervals(predictions: Predictions, seed: int = 0, num_samples: int = 1000,
              level: float = 0.95) -> dict[str, list[float]]:
    """Returns the percentile bootstrap interval of the metrics, calibration_error excepted.

    Rows are drawn with replacement; where `predictions.groups` is given, whole groups are, and the
    steps of a sequence stay together, since outputs of one recording resemble each other (the
    cluster bootstrap). Rates of 0 and 1 have the interval that `bounds` tells of.

    Args:
        predictions: Predictions; only scored rows count.
        seed: int, key of the draws.
        num_samples: int, number of draws, at least 2. auroc takes fewer when rows x classes is
            large, and gets no interval above some three million.
        level: float in (0, 1), share of draws inside the interval.

    Returns:
        {metric: [low, high]}; empty when there is only one row to draw from, or fewer groups of
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


def bounds(draws: Mapping[str, np.ndarray], num_units: int,
           level: float = 0.95) -> dict[str, list[float]]:
    """Returns the interval of every metric of which a resample is finite.

    Where all units are right, or none is, so are those of every resample, which says nothing of
    units as they may yet come. A rate then has as its other bound the share of units that could be
    otherwise and still be missing here: were it larger, one would have been met in 95 % of tables,
    for a `level` of 0.95. That share is counted as wrong as a whole: on the safe side for error
    rates of texts with a wrong word here and there, too narrow for f1_macro with rare classes.

    Args:
        draws: {metric: values of the resamples}.
        num_units: int, independent rows or groups that were drawn from.
        level: float in (0, 1), share of resamples inside the interval.

    Source: Hanley and Lippman-Hand 1983, "If nothing goes wrong, is everything all right?", JAMA
    249: 3 / n for 95 %; here 1 - (1 - level)^(1 / n), which is near it for large n.

    Example:

    >>> [round(bound, 3) for bound in bounds({"wer": np.zeros(1000)}, num_units=50)["wer"]]
    [0.0, 0.058]
    """
    unmet = 1 - (1 - level) ** (1 / num_units)
    found = {}
    for name, values in draws.items():
        both = percentiles(values, level)
        if both is None:
            continue
        if name in _RATES and np.nanmin(values) == np.nanmax(values) in (0, 1):
            both = [0.0, unmet] if both[0] == 0 else [1 - unmet, 1.0]
        found[name] = both
    return found


def percentiles(values: np.ndarray, level: float) -> list[float] | None:
    """Returns the bounds that leave out (1 - level) / 2 on each side; None if nothing is finite."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    tail = 50 * (1 - level)
    return [float(bound) for bound in np.percentile(values, [tail, 100 - tail])]
