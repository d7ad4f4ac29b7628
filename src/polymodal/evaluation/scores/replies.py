"""Scores of answers in conversations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.captions.words import caption_words
from polymodal.evaluation.scores.weighted import SumScores

__all__ = ["ReplyScores", "right", "token_f1"]


class ReplyScores(SumScores):
    """exact_match and token_f1. Case, punctuation and articles are not compared.

    Of several right answers the one that fits best counts.

    Args:
        rest: Predictions of texts, scored rows only.

    Source: Rajpurkar et al. 2016, "SQuAD", section 6.1; Chinese signs count as words.
    """

    def __init__(self, rest: Predictions):
        found = [
            (_exact(str(said), wanted), token_f1(str(said), wanted))
            for said, wanted in _pairs(rest)
        ]
        values = np.array(found, np.float64).reshape(-1, 2)
        items = np.column_stack([values, np.ones(len(values))])
        super().__init__(
            items,
            lambda sums: {
                "exact_match": sums[:, 0] / sums[:, 2],
                "token_f1": sums[:, 1] / sums[:, 2],
            },
        )


def right(rest: Predictions) -> np.ndarray:
    """Returns (n,) float64: 1 where an answer equals one of the right ones, else 0."""
    return np.array([_exact(str(said), wanted) for said, wanted in _pairs(rest)], np.float64)


def token_f1(said: str, wanted: Sequence[str]) -> float:
    """Returns the harmonic mean of precision and recall of words, of the best right answer.

    Example:

    >>> round(token_f1("a red ball", ["the red box"]), 2)
    0.5
    """
    return max((_f1(_words(said), _words(text)) for text in wanted), default=0.0)


def _pairs(rest: Predictions):
    targets = [[] for _ in rest.outputs] if rest.targets is None else rest.targets
    return zip(rest.outputs, targets, strict=True)


def _exact(said: str, wanted: Sequence[str]) -> float:
    words = _words(said)
    return float(any(words == _words(text) for text in wanted))


def _f1(one: list[str], other: list[str]) -> float:
    if not one or not other:
        return float(one == other)
    same = sum((Counter(one) & Counter(other)).values())
    if not same:
        return 0.0
    precision, recall = same / len(one), same / len(other)
    return 2 * precision * recall / (precision + recall)


def _words(text: str) -> list[str]:
    """Returns the words that are compared; those of a text of articles alone are kept."""
    words = caption_words(text)
    return [word for word in words if word not in ("a", "an", "the")] or words
