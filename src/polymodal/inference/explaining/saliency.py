"""Which parts of a row matter, whether that is true, and what would change the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from polymodal.core.seeds import generator
from polymodal.inference.explaining.asked import AskedRow, Place

__all__ = [
    "Faithfulness",
    "deletion_gain",
    "faithfulness",
    "saliency",
    "smallest_inputs",
    "smallest_parts",
]

_SHARES = (0.1, 0.2, 0.3, 0.5)  # of the parts that are deleted
_ORDERS = 5  # random orders of a row
_DRAWS = 2_000
_MOST_PARTS = 0.5  # share of the parts up to which what would change the answer is looked for


def saliency(asked: AskedRow) -> dict[str, np.ndarray]:
    """Returns {input: (parts,)}, how much nearer the answer is with each part than without it.

    Source: Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901, section 4.2 (occlusion).
    """
    places = asked.places
    if not places:
        return {}
    near = asked.near([[], *([place] for place in places)])
    drops = near[0] - near[1:]
    found, start = {}, 0
    for name, parts in asked.parts.items():
        found[name] = drops[start : start + len(parts)]
        start += len(parts)
    return found


def deletion_gain(asked: AskedRow, found: dict[str, np.ndarray], seed: int) -> float | None:
    """Returns how much further the answer falls when the most important parts are deleted than when
    random ones are; None for a row without parts.

    Args:
        asked: AskedRow.
        found: what `saliency` returned.
        seed: int, key of the random orders.

    Source: Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421 (deletion); compared with deletion
    in random order on the same row.
    """
    places = asked.places
    if len(places) < 2:
        return None
    scores = np.concatenate([found[name] for name in asked.parts])
    rng = generator(seed, len(places))
    orders = [
        np.argsort(-scores, kind="stable"),
        *(rng.permutation(len(places)) for _ in range(_ORDERS)),
    ]
    counts = sorted({max(1, round(share * len(places))) for share in _SHARES})
    gone = [[places[part] for part in order[:count]] for order in orders for count in counts]
    near = asked.near(gone).reshape(len(orders), len(counts)).mean(axis=1)
    return float(near[1:].mean() - near[0])


@dataclass(frozen=True)
class Faithfulness:
    """Whether deleting the parts that an explanation names changes answers more than random ones.

    Args:
        gain: float, mean over rows of how much further the answer falls; above 0 is faithful.
        interval: [low, high], 95 %, or None of fewer than two rows.
        p: float, of a two-sided sign-flip test, or None.
        num_rows: int.
    """

    gain: float
    interval: list[float] | None
    p: float | None
    num_rows: int


def faithfulness(gains: Sequence[float], seed: int = 0) -> Faithfulness | None:
    """Returns what the gains of rows say together; None without any."""
    values = np.asarray(gains, np.float64)
    if not len(values):
        return None
    if len(values) == 1:
        return Faithfulness(float(values[0]), None, None, 1)
    rng = generator(seed, len(values))
    drawn = values[rng.integers(0, len(values), (_DRAWS, len(values)))].mean(axis=1)
    signs = rng.choice([-1.0, 1.0], (_DRAWS, len(values)))
    flipped = np.abs((signs * values).mean(axis=1))
    p = (1 + np.sum(flipped >= abs(values.mean()) - 1e-12)) / (_DRAWS + 1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Faithfulness(float(values.mean()), [float(low), float(high)], float(p), len(values))


def smallest_inputs(asked: AskedRow, names: Sequence[str]) -> list[str] | None:
    """Returns the fewest whole inputs without which the answer is another; None if there are none.

    At least one input stays.
    """
    for count in range(1, len(names)):
        for chosen in combinations(names, count):
            if asked.without_inputs(chosen):
                return list(chosen)
    return None


def smallest_parts(asked: AskedRow, found: dict[str, np.ndarray]) -> list[Place] | None:
    """Returns parts without which the answer is another, none of which could stay.

    The most important parts are removed until it is, then each is put back that is not needed. A
    smaller set may exist. None if half of the parts do not change it.
    """
    places: list[Any] = asked.places
    if not places:
        return None
    scores = np.concatenate([found[name] for name in asked.parts])
    order = np.argsort(-scores, kind="stable")[: max(1, int(_MOST_PARTS * len(places)))]
    gone = [[places[part] for part in order[:count]] for count in range(1, len(order) + 1)]
    changed = np.flatnonzero(asked.changes(gone))
    if not len(changed):
        return None
    kept = gone[int(changed[0])]
    for place in kept[::-1]:
        left = [one for one in kept if one != place]
        if left and bool(asked.changes([left])[0]):
            kept = left
    return kept
