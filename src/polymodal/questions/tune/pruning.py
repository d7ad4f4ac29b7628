"""Stops candidates that are worse than the best one so far, by more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Point", "is_hopeless", "point"]

_CHANCE = 2.0  # standard errors of a difference
_EARLIEST = 0.2  # share of its epochs that a candidate has at least


class Point(NamedTuple):
    """Validation errors after an epoch.

    Args:
        share: float, of all epochs.
        error: float, mean over rows.
        deviation: float, its standard error.
    """

    share: float
    error: float
    deviation: float


def point(share: float, errors: Any) -> Point | None:
    """Returns the point of an epoch; None where rows have no errors."""
    if errors is None or len(errors.errors) < 2:
        return None
    values = np.asarray(errors.errors, float)
    return Point(share, float(values.mean()), float(values.std() / math.sqrt(len(values))))


def is_hopeless(now: Point, best: Sequence[Point]) -> bool:
    """Returns whether a candidate is worse than the best was with as large a share of its epochs.

    Args:
        now: Point of the candidate.
        best: Points of the best finished candidate, in the order of epochs.

    Example:

    >>> best = [Point(0.5, 0.2, 0.02), Point(1.0, 0.1, 0.02)]
    >>> is_hopeless(Point(0.5, 0.4, 0.03), best), is_hopeless(Point(0.5, 0.25, 0.03), best)
    (True, False)
    """
    then = [one for one in best if one.share <= now.share]
    if now.share < _EARLIEST or not then:
        return False
    gap = now.error - then[-1].error
    return gap > _CHANCE * math.hypot(now.deviation, then[-1].deviation)
