"""Training of n-gram language models with Kneser-Ney smoothing."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

from polymodal.speech.language.ngram import END, START, UNKNOWN, NGram, check_unit, split_units

__all__ = ["train_ngram"]

_FALLBACK = (0.5, 1.0, 1.5)  # discounts where there is too little text to estimate them
_NEVER = -99.0  # log10 of the start, which is never predicted

Gram = tuple[str, ...]


def train_ngram(texts: Iterable[str], order: int = 3, unit: str = "word") -> NGram:
    """Trains a model by interpolated modified Kneser-Ney smoothing.

    After every context the probabilities of all words, the end and the unknown word sum to one.

    Args:
        texts: iterable of str, one sentence or utterance each.
        order: int, order of the n-grams.
        unit: str, "word" (separated by spaces) or "character".

    Returns:
        The model.

    Raises:
        ValueError: there is no text, the order is below 1, or there is no such unit.

    Source: Chen and Goodman 1999, "An empirical study of smoothing techniques for language
    modeling", section 3. Discounts that cannot be estimated are 0.5, 1 and 1.5. An unknown word is
    at most as likely as Good 1953, "The population frequencies of species", has all of them: where
    hardly any word occurs once, there are hardly others.

    Example:

    >>> model = train_ngram(["one two", "one three"], order=2)
    >>> after_one = model.score(model.start(), "one")[1]
    >>> model.score(after_one, "two")[0] > model.score(after_one, "one")[0]
    True
    """
    check_unit("train_ngram", unit)
    if order < 1:
        raise ValueError(f"train_ngram needs order to be at least 1. Got {order}. Use 3 to 5.")
    raw = _raw_counts(texts, order, unit)
    if not raw[0]:
        raise ValueError("train_ngram needs at least one text. Got none. Pass sentences.")
    counts = _adjusted_counts(raw)
    table = _unigrams(counts[0], _most_unknown(raw[0]))
    for grams in counts[1:]:
        _extend(table, grams)
    return NGram(table, unit)


def _raw_counts(texts: Iterable[str], order: int, unit: str) -> list[Counter[Gram]]:
    counts: list[Counter[Gram]] = [Counter() for _ in range(order)]
    for text in texts:
        words = (START, *split_units(text, unit), END)
        for length, grams in enumerate(counts, start=1):
            grams.update(words[i : i + length] for i in range(len(words) - length + 1))
    return counts


def _adjusted_counts(raw: list[Counter[Gram]]) -> list[dict[Gram, int]]:
    """Below the highest order, counts words that are before, not occurrences."""
    adjusted: list[dict[Gram, int]] = [dict(raw[-1])]
    for grams, longer in zip(reversed(raw[:-1]), reversed(raw[1:]), strict=True):
        before = Counter(gram[1:] for gram in longer)
        # Nothing is before a start, so what begins with it keeps its occurrences.
        adjusted.append(
            {gram: count if gram[0] == START else before[gram] for gram, count in grams.items()}
        )
    adjusted.reverse()
    adjusted[0].pop((START,), None)
    return adjusted


def _most_unknown(raw: Counter[Gram]) -> float:
    """Returns the share of unseen words in similar texts, from the words that occur once."""
    words = [count for gram, count in raw.items() if gram not in {(START,), (END,)}]
    return (words.count(1) + 0.5) / (sum(words) + 1)


def _unigrams(counts: dict[Gram, int], most_unknown: float) -> dict[Gram, tuple[float, float]]:
    discounts, total = _discounts(counts), sum(counts.values())
    words = {*counts, (UNKNOWN,)}
    spread = sum(_discount(discounts, count) for count in counts.values()) / total / len(words)
    if counts.get((UNKNOWN,)):
        unknown = spread
    else:
        unknown = min(spread, most_unknown)
    shared = spread + (spread - unknown) / (len(words) - 1)
    table = {(START,): (_NEVER, 0.0)}
    for gram in words:
        count = counts.get(gram, 0)
        share = (count - _discount(discounts, count)) / total
        table[gram] = (math.log10(share + (unknown if gram == (UNKNOWN,) else shared)), 0.0)
    return table


def _extend(table: dict[Gram, tuple[float, float]], counts: dict[Gram, int]) -> None:
    """Adds the n-grams of the next order, and the back-off weights of their contexts, in place."""
    discounts = _discounts(counts)
    totals: dict[Gram, int] = defaultdict(int)
    taken: dict[Gram, float] = defaultdict(float)
    for gram, count in counts.items():
        totals[gram[:-1]] += count
        taken[gram[:-1]] += _discount(discounts, count)
    for gram, count in counts.items():
        context = gram[:-1]
        share = (count - _discount(discounts, count)) / totals[context]
        below = 10 ** table[gram[1:]][0]
        table[gram] = (math.log10(share + taken[context] / totals[context] * below), 0.0)
    for context, total in totals.items():
        table[context] = (table[context][0], math.log10(taken[context] / total))


def _discounts(counts: dict[Gram, int]) -> tuple[float, ...]:
    """Returns the discounts for counts of 1, 2 and 3 or more."""
    seen = Counter(min(count, 5) for count in counts.values())
    if not all(seen[times] for times in (1, 2, 3, 4)):
        return _FALLBACK
    share = seen[1] / (seen[1] + 2 * seen[2])
    found = tuple(
        times - (times + 1) * share * seen[times + 1] / seen[times] for times in (1, 2, 3)
    )
    if all(0 < d < times for times, d in enumerate(found, 1)):
        return found
    return _FALLBACK


def _discount(discounts: tuple[float, ...], count: int) -> float:
    if count:
        return discounts[min(count, 3) - 1]
    return 0.0
