"""Which doubtful rows are named."""

from __future__ import annotations

import numpy as np

_SURE = 0.5  # chance of being wrong from which a row is named
_FALSE_ROWS = 0.001  # of all rows, expected to be named without being wrong


def named(chance: np.ndarray, most: int | None = None, false_share: float = 0.25) -> np.ndarray:
    """Returns the rows that are more likely wrong than right, the surest first, as long as few
    right ones are expected among them: of all rows, or of the named ones where many are wrong.

    Args:
        chance: (rows,) 0..1, of each row to be wrong.
        most: int, how many rows are wrong at most, or None.
        false_share: float, of the named rows, expected to be right at most.

    Returns:
        (named,) int, in order.

    Example:

    >>> named(np.array([0.1, 0.9, 0.3, 0.97]))
    array([1, 3])
    """
    order = np.argsort(-chance, kind="stable")
    order = order[chance[order] > _SURE][:most]
    false = np.cumsum(1 - chance[order])
    allowed = np.maximum(_FALSE_ROWS * len(chance), false_share * np.arange(1, len(order) + 1))
    return np.sort(order[: int((false <= np.maximum(allowed, 0.5)).sum())])
