"""A column that alone gives away the target."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from polymodal.core.advice import option
from polymodal.profile.target_form import AMOUNTS
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look

_RIGHT = 0.975  # rows whose target a column tells, from which it gives it away
_USUAL = 0.85  # share of the most frequent class, above which nobody can tell
_RANKS = 0.985  # correlation of ranks with a number that is the target in other words
_BINS = 64
_WHY = (
    "A model learns to read this column and nothing else; where the column is not known "
    "beforehand, it fails."
)


def leaking_columns(look: Look) -> Iterator[Finding]:
    """Finds columns that tell the target of nearly every row by themselves."""
    target = look.target
    if target is None or look.form is None:
        return
    for column in look.of_kind("category", "number", "text"):
        if column == target or column in look.facts.who_columns():
            continue
        right = _right(look, column, target)
        if right is not None:
            yield look.finding(
                "gives away the target",
                (column, target),
                [],
                f'it tells "{target}" of {right:.1%} of the rows by itself.',
                _WHY,
                f"{option('--ignore', column)} leaves it out.",
                count=1,
            )


def _right(look: Look, column: str, target: str) -> float | None:
    """Returns the share of rows whose target the column tells, where that is nearly all."""
    if look.form is not None and look.form.kind == AMOUNTS:
        if look.kind(column) != "number":
            return None
        return _as_ranks(look.numbers(column), look.numbers(target))
    if not look.has_labels:
        return None
    answers = look.texts(target)
    usual = Counter(answer for answer in answers if answer is not None)
    if not usual or usual.most_common(1)[0][1] > _USUAL * usual.total():
        return None
    keys: list[Any]
    if look.kind(column) == "number":
        keys = _bins(look.numbers(column))
    elif look.kind(column) == "text":
        keys = _named_labels(look.texts(column), list(usual))
    else:
        keys = [text and text.strip().casefold() for text in look.texts(column)]
    share = told(keys, answers)
    if share >= _RIGHT:
        return share
    return None


def told(keys: list[Any], answers: list[str | None]) -> float:
    """Returns the share of rows whose answer is that of most other rows with the same key."""
    counts: dict[Any, Counter[str]] = defaultdict(Counter)
    for key, answer in zip(keys, answers, strict=True):
        if key is not None and answer is not None:
            counts[key][answer] += 1
    right = total = 0
    for key, answer in zip(keys, answers, strict=True):
        if answer is None:
            continue
        total += 1
        if key is None:
            continue
        others = counts[key] - Counter({answer: 1})
        right += bool(others) and others.most_common(1)[0][0] == answer
    return right / max(total, 1)


def _as_ranks(one: np.ndarray, other: np.ndarray) -> float | None:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 20 or len(np.unique(one[known])) < 3:
        return None
    ranks = [np.argsort(np.argsort(values[known])) for values in (one, other)]
    found = abs(float(np.corrcoef(ranks[0], ranks[1])[0, 1]))
    if found >= _RANKS:
        return found
    return None


def _bins(values: np.ndarray) -> list[Any]:
    known = values[np.isfinite(values)]
    if not len(known):
        return [None] * len(values)
    distinct = np.unique(known)
    edges = distinct
    if len(distinct) > _BINS:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS)))
    return [
        int(np.searchsorted(edges, value, side="right")) if np.isfinite(value) else None
        for value in values
    ]


def _named_labels(texts: list[str | None], labels: list[str]) -> list[Any]:
    """Returns the only label that each text has as a word, None where it has none or several."""
    words = {label.strip().casefold() for label in labels}
    found: list[Any] = []
    for text in texts:
        named = words & set((text or "").casefold().replace(".", " ").replace(",", " ").split())
        found.append(next(iter(named)) if len(named) == 1 else None)
    return found
