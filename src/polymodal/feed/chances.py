"""Rows that come in an epoch as often as their chance says, such as all classes equally often."""

from __future__ import annotations

import numpy as np

from polymodal.core.errors import RecipeError

__all__ = ["checked_chances", "repeated"]


def checked_chances(chances: np.ndarray | None, num_rows: int, shares: bool) -> np.ndarray | None:
    """Returns how often rows come, as float64."""
    if chances is None:
        return None
    found = np.asarray(chances, np.float64)
    usable = found.shape == (num_rows,) and np.isfinite(found).all() and (found > 0).all()
    if not usable or shares:
        raise RecipeError(
            f"Plan needs chances above 0 for {num_rows} rows, and no rows that share "
            f"media. Got shape {found.shape}. Set training.rows_per_item=1."
        )
    return found


def repeated(
    chances: np.ndarray, bucket: np.ndarray | None, random: np.random.Generator
) -> np.ndarray:
    """Returns as many rows as there are, each as often as its chance says, ascending; every bucket
    keeps its number of rows, so that batches keep their shapes.

    Source: systematic resampling, Kitagawa 1996, "Monte Carlo filter and smoother", appendix.
    """
    if bucket is None:
        bucket = np.zeros(len(chances), np.uint8)
    parts = []
    for number in np.unique(bucket):
        rows = np.flatnonzero(bucket == number)
        shares = np.cumsum(chances[rows]) / chances[rows].sum()
        points = (np.arange(len(rows)) + random.random()) / len(rows)
        places = np.searchsorted(shares, points, side="right")
        parts.append(rows[np.minimum(places, len(rows) - 1)])
    return np.sort(np.concatenate(parts)).astype("int32")
