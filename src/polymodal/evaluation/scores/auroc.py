"""Area under the receiver operating characteristic under weights."""

from __future__ import annotations

import numpy as np

__all__ = ["auroc"]

_CELLS = 25_000_000  # rows x classes x samples that auroc may cost, about half a second
_LEAST = 100


def auroc(member: np.ndarray, chance: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Returns {"auroc": (samples,)}, the mean over classes of the area under the curve, by ranks.

    With many rows and classes fewer samples are used, and none where even a hundred are dear.

    Args:
        member: (n, classes) bool.
        chance: (n, classes) probabilities.
        weights: (n, samples) float64.
    """
    size, samples = chance.size, weights.shape[1]
    if min(_LEAST, samples) * size > 12 * _CELLS:
        return {}
    # Resamples are many: half the width is enough for them, and twice as fast.
    kind = np.float64 if samples == 1 else np.float32
    drawn = weights[:, : max(_LEAST, _CELLS // size)].astype(kind)
    areas = np.full((chance.shape[1], drawn.shape[1]), np.nan)
    for i in range(chance.shape[1]):
        if member[:, i].any() and not member[:, i].all():
            areas[i] = _area(member[:, i], chance[:, i], drawn)
    defined = np.sum(np.isfinite(areas), axis=0)
    return {"auroc": np.nansum(areas, axis=0) / np.where(defined, defined, np.nan)}


def _area(member: np.ndarray, chance: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    order = np.argsort(chance, kind="stable")
    ranked, drawn = chance[order], drawn[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])  # ties share one rank
    real = np.add.reduceat(drawn * member[order, None], starts, axis=0)
    rest = np.add.reduceat(drawn * ~member[order, None], starts, axis=0)
    below = np.cumsum(rest, axis=0) - rest / 2
    pairs = real.sum(axis=0, dtype=np.float64) * rest.sum(axis=0, dtype=np.float64)
    return (real * below).sum(axis=0, dtype=np.float64) / np.where(pairs > 0, pairs, np.nan)
