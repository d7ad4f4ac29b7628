"""Outliers by the median and the median distance from it, which few outliers do not move."""

from __future__ import annotations

import numpy as np

_AS_SIGMA = 1.4826  # of a normal distribution, the median distance times this is sigma
_FEWEST = 20  # values below which nothing is called unusual


def robust_scores(values: np.ndarray, floor: float = 0.0) -> np.ndarray:
    """Returns how many sigmas each value is from the median; 0 where it is NaN or there are few.

    Args:
        values: (n,) float.
        floor: float, the least sigma, so that tiny differences among equal values do not count.

    Example:

    >>> float(robust_scores(np.array([1.0, 2.0, 3.0] * 9 + [50.0])).round()[-1])
    32.0
    """
    known = np.isfinite(values)
    found = np.zeros(len(values))
    if known.sum() < _FEWEST:
        return found
    middle = np.median(values[known])
    sigma = max(_AS_SIGMA * float(np.median(np.abs(values[known] - middle))), floor, 1e-12)
    found[known] = (values[known] - middle) / sigma
    return found


def median(values: np.ndarray) -> float:
    """Returns the median of the values that are numbers; NaN where none is."""
    known = values[np.isfinite(values)]
    if len(known):
        return float(np.median(known))
    return float("nan")
