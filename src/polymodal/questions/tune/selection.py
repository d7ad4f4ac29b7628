"""The best of many candidates on the same rows, and what it will be worth on other rows.

The best score of many is too good: it was chosen for being high here. Rows are resampled; in each
resample the best candidate is chosen as it was in truth, and scored on the rows left out.

Source: Tsamardinos et al., "Bootstrapping the out-of-sample predictions for efficient and accurate
cross-validation" (2018), with candidates scored on rows held out instead of in folds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polymodal.core.seeds import generator

__all__ = ["Selection", "resamples", "select"]

_DRAWS = 200
_AHEAD = 0.5  # standard deviations of a gap, by which another replaces the first: about 70 %
_LEVEL = 0.95


@dataclass(frozen=True)
class Selection:
    """The chosen candidate.

    Args:
        best: int, its index.
        expected: float, score that it will have on other rows.
        interval: (low, high) of the score on as many rows as will be asked.
        ahead: (candidates,) share of resamples in which each is better than the first.
    """

    best: int
    expected: float
    interval: tuple[float, float]
    ahead: np.ndarray


def resamples(unit: np.ndarray, num_asked: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns how often each row counts (rows, draws): in a resample, and in `num_asked` rows
    sampled from those left out. Rows of a unit come together.

    Args:
        unit: (rows,) int from 0.
        num_asked: int, rows on which the best will be scored.
        seed: int.
    """
    rng, count = generator(seed, 5), int(unit.max()) + 1
    inside, outside = np.zeros((count, _DRAWS)), np.zeros((count, _DRAWS))
    units_asked = max(1, round(num_asked * count / len(unit)))
    for draw in range(_DRAWS):
        chosen = rng.integers(count, size=count)
        left = np.setdiff1d(np.arange(count), chosen)
        if not len(left):
            left = np.arange(count)
        inside[:, draw] = np.bincount(chosen, minlength=count)
        outside[:, draw] = np.bincount(rng.choice(left, units_asked), minlength=count)
    return inside[unit], outside[unit]


def select(
    scores: np.ndarray, inside: np.ndarray, outside: np.ndarray, higher: bool = True
) -> Selection:
    """Returns the best candidate; the first is kept unless another is likely to be better.

    Args:
        scores: (candidates,) on all rows.
        inside: (candidates, draws) on resampled rows.
        outside: (candidates, draws) on rows left out of each resample.
        higher: bool, whether a larger score is better.
    """
    sign = 1.0 if higher else -1.0
    gaps = sign * (inside - inside[0])
    needed = _AHEAD * gaps.std(axis=1)  # (candidates,) that a score has to be ahead
    chosen = _chosen(sign * inside, needed[:, None])
    found = outside[chosen, np.arange(outside.shape[1])]
    low, high = np.nanquantile(found, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    ahead = (gaps > 0).mean(axis=1) + (gaps == 0).mean(axis=1) / 2
    best = int(_chosen(sign * scores, needed))
    # chance may lift the mean over what was chosen; it may lie outside the quantiles, too
    expected = sign * min(sign * float(np.nanmean(found)), sign * float(scores[best]))
    return Selection(
        best,
        expected,
        (min(float(low), expected), max(float(high), expected)),
        ahead,
    )


def _chosen(scores: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """Returns the best candidate of those far enough ahead of the first, or the first."""
    enough = scores - scores[0] >= needed
    enough[0] = True
    return np.where(enough, scores, -np.inf).argmax(axis=0)
