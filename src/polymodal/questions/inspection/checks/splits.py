"""What is on both sides of a split: files, texts, speakers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from polymodal.core.advice import option
from polymodal.questions.inspection.checks.repeats import content_keys
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look
from polymodal.questions.inspection.near import near_media

_MOSTLY = 0.5  # share of a part's rows that are on its side alone, so that others are exceptions
_DISTINCT = 0.5
_WHY = "The model has seen in training what it is scored on, so scores are too optimistic."


def shared(looks: Mapping[str, Look]) -> Iterator[Finding]:
    """Finds rows of a part whose media, text or speaker is also in an earlier part."""
    for one, other in combinations(looks, 2):
        first, second = looks[one], looks[other]
        for column in second.columns:
            if column not in first.columns or column == second.target:
                continue
            kind = first.kind(column)
            if kind in ("image", "audio", "video"):
                yield from _media(first, second, column)
            elif column in first.facts.who_columns():
                yield from _who(first, second, column)
            elif kind == "text" and not second.media_columns:
                yield from _same(first, second, column, "text")


def _media(first: Look, second: Look, column: str) -> Iterator[Finding]:
    yield from _same(first, second, column, "file")
    one, other = first.media(column), second.media(column)
    cells, vectors = other.vectors()
    theirs, known = one.vectors()
    if not len(cells) or not len(theirs):
        return
    same = np.isin(other.hashes()[cells], one.hashes())
    pairs = near_media(np.concatenate([known, vectors]))
    near = [
        place - len(known)
        for place, twin in pairs.items()
        if place >= len(known) > twin and not same[place - len(known)]
    ]
    rows = other.rows(cells[near])
    if len(rows) and len(rows) <= _MOSTLY * len(second):
        yield second.finding(
            "near duplicate in train" if first.part == "train" else "near duplicate in val",
            column,
            rows,
            f"{{rows}} have nearly the same file as a row of {first.part}.",
            _WHY,
            "Remove each from one side.",
        )


def _same(first: Look, second: Look, column: str, what: str) -> Iterator[Finding]:
    keys, known = content_keys(second, column), content_keys(first, column)
    there = set(known) - {None}
    if len(there) < _DISTINCT * len(first):
        return
    rows = [row for row, key in enumerate(keys) if key in there]
    if rows:
        yield second.finding(
            "on both sides",
            column,
            rows,
            f"{{rows}} have a {what} that is also in {first.part}.",
            _WHY,
            f"Remove each from one side; {option('--split-group', column)} keeps them apart in "
            "rows held out of --data.",
        )


def _who(first: Look, second: Look, column: str) -> Iterator[Finding]:
    known = set(content_keys(first, column)) - {None}
    keys = content_keys(second, column)
    rows = [row for row, key in enumerate(keys) if key in known]
    if not rows:
        return
    fix = f"{option('--split-group', column)} keeps them apart in rows held out of --data."
    why = f'Scores on {second.part} do not show how the model does with another "{column}".'
    exceptions = len(rows) <= _MOSTLY * len(second)
    yield second.finding(
        "speaker on both sides",
        column,
        rows if exceptions else [],
        f'{{rows}} have a "{column}" that is also in {first.part}.',
        why,
        fix,
        level="fault" if exceptions else "note",
        count=len(rows),
    )
