"""Representative examples: with the same share of right rows as all rows."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.seeds import generator

__all__ = ["choose_examples"]

_NUM = 12


def choose_examples(predictions: Predictions, num: int = _NUM, seed: int = 0) -> list[int]:
    """Returns positions in `predictions` of rows that represent all scored rows, wrong ones first.

    The share of right ones is that of all rows, rounded. Wrong ones and right ones are each sorted
    as the task says (by confidence, error, wrong words), cut into as many equal parts as are
    wanted, and one is drawn from each part, of a class that was not drawn yet where there is one.

    Args:
        predictions: Predictions; only scored rows are chosen. For sequences the first step of a
            row stands for it.
        num: int, rows wanted.
        seed: int, key of the sampling.
    """
    places = np.flatnonzero(predictions.scored)
    if predictions.steps is not None:
        first = np.unique(predictions.rows[places], return_index=True)[1]
        places = places[np.sort(first)]
    rest, rng = predictions.take(places), generator(seed)
    right, order, kinds = rest.task.judged(rest)
    num = min(num, len(rest))
    num_right = 0
    if len(rest):
        num_right = round(num * float(right.mean()))
    groups = [(np.flatnonzero(~right), num - num_right), (np.flatnonzero(right), num_right)]
    return [
        int(places[i])
        for group, count in groups
        for i in _spread(group[np.argsort(order[group], kind="stable")], count, kinds, rng)
    ]


def _spread(group: np.ndarray, count: int, kinds: list, rng: np.random.Generator) -> list[int]:
    """Samples one row from each of `count` equal parts of a sorted group, of new kinds first."""
    chosen: list[int] = []
    seen: dict = {}
    for part in np.array_split(group, count) if count else []:
        place = min(rng.permutation(part).tolist(), key=lambda i: seen.get(kinds[i], 0))
        seen[kinds[place]] = seen.get(kinds[place], 0) + 1
        chosen.append(place)
    return chosen
