"""Which rows a report shows: some right, some wrong, of as many classes as possible."""

from __future__ import annotations

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.seeds import generator
from polymodal.evaluation.metrics import decisions
from polymodal.evaluation.text_scores import text_sums

__all__ = ["choose_examples"]


def choose_examples(predictions: Predictions, num_right: int = 6, num_wrong: int = 6,
                    seed: int = 0) -> list[int]:
    """Returns positions in `predictions` of rows worth a look, wrong ones first.

    Wrong ones are those the model was surest of, one of each confusion before a second; right ones
    are drawn at random, one of each class before a second. For regression they are the largest
    errors and a random choice of the rest.

    Args:
        predictions: Predictions; only scored rows are chosen. For sequences the first step of a
            row stands for it.
        num_right: int, right ones wanted.
        num_wrong: int, wrong ones wanted.
        seed: int, key of the draw.
    """
    places = np.flatnonzero(predictions.scored)
    if predictions.steps is not None:
        first = np.unique(predictions.rows[places], return_index=True)[1]
        places = places[np.sort(first)]
    rest, rng = predictions.take(places), generator(seed)
    shuffled = rng.permutation(len(rest))
    if rest.task == "regression":
        error = np.abs(np.ravel(rest.outputs) - np.ravel(np.asarray(rest.targets)))
        order = np.argsort(-error, kind="stable")
        worst = order[:num_wrong]
        others = [i for i in shuffled if i not in set(worst.tolist())][:num_right]
        return [int(places[i]) for i in [*worst, *others]]
    if rest.is_text:
        return [int(places[i]) for i in _texts(rest, shuffled, num_right, num_wrong)]
    truth, guess = decisions(rest)
    if truth.ndim == 2:
        right, kinds = (truth == guess).all(axis=1), [tuple(row) for row in truth.tolist()]
    else:
        right, kinds = truth == guess, list(zip(truth.tolist(), guess.tolist(), strict=True))
    sure = np.argsort(-rest.outputs.max(axis=1), kind="stable")
    wrong = _varied([i for i in sure if not right[i]], kinds, num_wrong)
    good = _varied([i for i in shuffled if right[i]], kinds, num_right)
    return [int(places[i]) for i in [*wrong, *good]]


def _texts(rest: Predictions, shuffled: np.ndarray, num_right: int, num_wrong: int) -> list:
    """The transcripts with the most wrong words, and some by chance; captions by chance only."""
    if rest.task != "transcribe":
        return shuffled[: num_right + num_wrong].tolist()
    sums, _ = text_sums(rest)
    worst = [i for i in np.argsort(-sums[:, 0], kind="stable") if sums[i, 0]][:num_wrong]
    return [*worst, *[i for i in shuffled if not sums[i, 0]][:num_right]]


def _varied(order: list[int], kinds: list, count: int) -> list[int]:
    """Takes from `order` one of each kind, then a second of each, and so on."""
    turn: dict = {}
    ranked = []
    for i in order:
        turn[kinds[i]] = turn.get(kinds[i], 0) + 1
        ranked.append((turn[kinds[i]], i))
    return [i for _, i in sorted(ranked, key=lambda pair: pair[0])][:count]
