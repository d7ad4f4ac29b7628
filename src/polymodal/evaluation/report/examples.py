"""Representative examples: with the same share of right rows as all rows."""

from __future__ import annotations

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.seeds import generator
from polymodal.evaluation.decisions import decisions
from polymodal.evaluation.text_scores import text_sums

__all__ = ["choose_examples"]

_NUM = 12


def choose_examples(predictions: Predictions, num: int = _NUM, seed: int = 0) -> list[int]:
    """Returns positions in `predictions` of rows that represent all scored rows, wrong ones first.

    The share of right ones is that of all rows, rounded. Wrong ones and right ones are each sorted
    by confidence (by error for regression, by wrong words for transcripts), cut into as many equal
    parts as are wanted, and one is sampled from each part, of a new class if possible. Captions,
    which are neither right nor wrong, are sampled at random.

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
    right, order, kinds = _judged(rest)
    num = min(num, len(rest))
    num_right = round(num * float(right.mean())) if len(rest) else 0
    groups = [(np.flatnonzero(~right), num - num_right), (np.flatnonzero(right), num_right)]
    return [int(places[i]) for group, count in groups
            for i in _spread(group[np.argsort(order[group], kind="stable")], count, kinds, rng)]


def _judged(rest: Predictions) -> tuple[np.ndarray, np.ndarray, list]:
    """Returns of each row whether it is right, what rows are sorted by, and its kind."""
    if rest.task.name == "regression":
        error = np.abs(np.ravel(rest.outputs) - np.ravel(np.asarray(rest.targets)))
        return np.ones(len(rest), bool), error, [None] * len(rest)
    if rest.task.name == "transcribe":
        wrong = text_sums(rest)[0][:, 0]
        return wrong == 0, wrong, [None] * len(rest)
    if rest.is_text:
        return np.ones(len(rest), bool), np.zeros(len(rest)), [None] * len(rest)
    truth, guess = decisions(rest)
    if truth.ndim == 2:
        right, kinds = (truth == guess).all(axis=1), [tuple(row) for row in truth.tolist()]
    else:
        right, kinds = truth == guess, list(zip(truth.tolist(), guess.tolist(), strict=True))
    return right, -rest.outputs.max(axis=1), kinds


def _spread(group: np.ndarray, count: int, kinds: list, rng: np.random.Generator) -> list[int]:
    """Samples one row from each of `count` equal parts of a sorted group, of new kinds first."""
    chosen: list[int] = []
    seen: dict = {}
    for part in np.array_split(group, count) if count else []:
        place = min(rng.permutation(part).tolist(), key=lambda i: seen.get(kinds[i], 0))
        seen[kinds[place]] = seen.get(kinds[place], 0) + 1
        chosen.append(place)
    return chosen
