"""The bounds of an interval, from the values of bootstrap resamples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["bounds", "percentiles"]

_RATES = ("accuracy", "exact_match", "f1_macro", "f1_micro", "f1_weighted", "wer", "cer")


def bounds(
    draws: Mapping[str, np.ndarray], num_units: int, level: float = 0.95
) -> dict[str, list[float]]:
    """Returns the interval of every metric of which a resample is finite.

    If all units are right, or none is, so are those of every resample, which says nothing about
    other units. The other bound of a rate is then the largest share of units that could differ and
    still be absent here: with a larger one, 95 % of tables would have one, for a `level` of 0.95.
    Such units count as fully wrong: conservative for word error rates, too narrow for f1_macro with
    rare classes.

    Args:
        draws: {metric: values of the resamples}.
        num_units: int, independent rows or groups that were resampled.
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
