"""Exact Shapley values over few players, and the interaction of each pair."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np

from polymodal.core.errors import RecipeError

__all__ = ["MOST_PLAYERS", "interactions", "shapley_values", "shares"]

MOST_PLAYERS = 10  # 1,024 coalitions


def shapley_values(values: np.ndarray) -> np.ndarray:
    """Returns (players, rows), what each player adds on average over all orders.

    The values of a row add up to that of all players minus that of none.

    Args:
        values: (2 ** players, rows), the worth of each coalition; bit i of its number is player i.

    Raises:
        RecipeError: too many players.

    Example:

    >>> shapley_values(np.array([[0.0], [0.2], [0.4], [1.0]])).ravel().round(2).tolist()
    [0.4, 0.6]

    Source: Shapley 1953, "A value for n-person games", equation 12.
    """
    count = _count(values)
    found = np.zeros((count, values.shape[1]))
    for player in range(count):
        for coalition in range(len(values)):
            if not coalition >> player & 1:
                size = coalition.bit_count()
                weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                found[player] += weight * (values[coalition | 1 << player] - values[coalition])
    return found


def interactions(values: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    """Returns {pair: (rows,)}: above 0 where the pair knows more than its parts, below 0 where they
    know the same.

    Args:
        values: as of `shapley_values`.

    Example:

    >>> either = np.array([[0.0], [1.0], [1.0], [1.0]])
    >>> interactions(either)[0, 1].tolist()
    [-1.0]

    Source: Grabisch and Roubens 1999, https://doi.org/10.1007/s001820050125.
    """
    count = _count(values)
    found = {}
    for one, other in combinations(range(count), 2):
        both, total = 1 << one | 1 << other, np.zeros(values.shape[1])
        for coalition in range(len(values)):
            if coalition & both:
                continue
            size = coalition.bit_count()
            weight = factorial(size) * factorial(count - size - 2) / factorial(count - 1)
            total += weight * (
                values[coalition | both]
                - values[coalition | 1 << one]
                - values[coalition | 1 << other]
                + values[coalition]
            )
        found[one, other] = total
    return found


def shares(means: np.ndarray) -> np.ndarray:
    """Returns (players,) shares that add up to 1 of mean values; below 0 counts as nothing, and if
    no player adds anything all shares are 0.

    Example:

    >>> shares(np.array([0.3, 0.1, -0.2])).round(2).tolist()
    [0.75, 0.25, 0.0]
    """
    positive = np.maximum(means, 0.0)
    total = positive.sum()
    if total == 0:
        return positive
    return positive / total


def _count(values: np.ndarray) -> int:
    count = len(values).bit_length() - 1
    if count > MOST_PLAYERS:
        raise RecipeError(
            f"Exact Shapley values need {MOST_PLAYERS} inputs at most. Got {count}. "
            "Train on fewer inputs, or join columns of numbers into one input."
        )
    return count
