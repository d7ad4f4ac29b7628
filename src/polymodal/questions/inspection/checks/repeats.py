"""Repeated cells: placeholders, duplicates, near duplicates, and equal media with other labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from polymodal.core.advice import option
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look
from polymodal.questions.inspection.near import groups, near_media, near_texts
from polymodal.text.cleaning import clean_text

_DISTINCT = 0.8  # share of different cells of a column in which a repeated one is a fault
_PLACEHOLDER_ROWS, _PLACEHOLDER_SHARE, _PLACEHOLDER_TIMES = 5, 0.01, 8
_PLACEHOLDER_GAP, _MOST_PLACEHOLDERS = 3, 3  # times the next, and how many there are
_FEW = 0.2
_MEAN_LETTERS = 15  # of texts that do not repeat by chance
_TWICE = "A repeated row counts twice, and held-out rows that are also in train flatter the scores."
_APART = "Remove all but one, or keep them on one side: {}."


def repeats(look: Look) -> Iterator[Finding]:
    """Finds cells that many rows share, and duplicates in columns that do not repeat by design."""
    for column in look.media_columns + look.of_kind("text"):
        keys = content_keys(look, column)
        placeholders = _placeholders(keys)
        if placeholders.any():
            yield look.finding(
                "placeholder",
                column,
                np.flatnonzero(placeholders),
                "{rows} share one and the same content.",
                "A picture, sound or text that so many rows share says nothing about any of them.",
                "Empty each such cell, which is then read as missing, or remove its row.",
            )
        rest = [
            None if placeholder else key
            for key, placeholder in zip(keys, placeholders, strict=True)
        ]
        if column == look.target or not _is_distinct(rest) or not _is_long(look, column):
            continue
        exact = [group for group in _groups_of(rest) if not _is_meant(look, column, group)]
        yield from _duplicates(look, column, "duplicate", "the same content as another row", exact)
        yield from _duplicates(
            look,
            column,
            "near duplicate",
            "nearly the content of another row",
            _near(look, column, rest, exact),
        )


def same_rows(look: Look) -> Iterator[Finding]:
    """Finds rows that are equal in every column, in tables whose rows do not repeat by design."""
    keys = [content_keys(look, column) for column in look.columns]
    media = [content_keys(look, column) for column in look.media_columns]
    rows: list[Any] = [
        cells if all(key[row] is not None for key in media) else None
        for row, cells in enumerate(zip(*keys, strict=True))
    ]
    if not _is_distinct(rows) or _PLACEHOLDER_TIMES * len(set(rows)) < len(rows):
        return
    found = _groups_of(rows)
    if found and sum(map(len, found)) <= _FEW * len(look):
        yield look.finding(
            "duplicate row",
            look.columns,
            [row for group in found for row in group],
            "{rows} are equal to another row.",
            _TWICE,
            "Remove all but one of each.",
            notes=_same_as(look, found),
        )


def conflicts(look: Look) -> Iterator[Finding]:
    """Finds rows with the same media or text and another label, unless another text of these rows
    differs, as several questions about one picture do."""
    if look.target is None:
        return
    answers = content_keys(look, look.target)
    media = [name for name in look.media_columns if name != look.target]
    texts = [name for name in look.of_kind("text") if name != look.target]
    keys = {name: content_keys(look, name) for name in media + texts}
    alone = [name for name in keys if _is_distinct(keys[name]) and _is_long(look, name)]
    ways = list(dict.fromkeys((name, *(one for one in texts if one != name)) for name in alone))
    if not alone and keys:
        ways = [tuple(keys)]
    for names in ways:
        cells = [
            None if cell[0] is None else cell
            for cell in zip(*(keys[name] for name in names), strict=True)
        ]
        found = [
            group
            for group in _groups_of(cells)
            if len({answers[row] for row in group if answers[row] is not None}) > 1
        ]
        rows = [row for group in found for row in group]
        if rows and len(rows) <= _FEW * len(look):
            yield look.finding(
                "conflicting labels",
                (*names, look.target),
                rows,
                f'{{rows}} have the same content as another row and another "{look.target}".',
                "No model can be right on both, and one of the labels is wrong.",
                "Keep the right one of each.",
                notes=_same_as(look, found),
            )


def content_keys(look: Look, column: str) -> list[Any]:
    """Returns what is equal for equal cells: of media the decoded content, of texts the letters;
    None where a cell is empty or unreadable."""
    return look.facts.once(("content", column), lambda: _content_keys(look, column))


def _content_keys(look: Look, column: str) -> list[Any]:
    if column not in look.media_columns:
        cleaned = str.strip
        if look.kind(column) == "text":
            cleaned = clean_text
        return [None if text is None else cleaned(text) for text in look.texts(column)]
    media = look.media(column)
    hashes = np.append(media.hashes(), np.uint64(0))[media.slots]
    return [int(one) or None for one in hashes]


def _placeholders(keys: Sequence[Hashable]) -> np.ndarray:
    counts = Counter(key for key in keys if key is not None)
    if len(counts) < 2:
        return np.zeros(len(keys), bool)
    usual = float(np.median(list(counts.values())))
    least = max(_PLACEHOLDER_ROWS, _PLACEHOLDER_SHARE * len(keys), _PLACEHOLDER_TIMES * usual)
    many = {key for key, count in counts.items() if count >= least}
    next_most = max((count for key, count in counts.items() if key not in many), default=0)
    many = {key for key in many if counts[key] >= _PLACEHOLDER_GAP * next_most}
    others = counts.total() - sum(counts[key] for key in many)
    if len(many) > _MOST_PLACEHOLDERS or len(counts) < _DISTINCT * others:
        return np.zeros(len(keys), bool)
    return np.array([key in many for key in keys], bool)


def _is_distinct(keys: Sequence[Any]) -> bool:
    there = [key for key in keys if key is not None]
    return len(there) > 1 and len(set(there)) >= _DISTINCT * len(there)


def _is_long(look: Look, column: str) -> bool:
    if column in look.media_columns:
        return True
    lengths = [len(text) for text in look.texts(column) if text is not None]
    return bool(lengths) and float(np.mean(lengths)) >= _MEAN_LETTERS


def _groups_of(keys: Sequence[Any]) -> list[list[int]]:
    members: dict[Any, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if key is not None:
            members[key].append(row)
    return [rows for rows in members.values() if len(rows) > 1]


def _near(look: Look, column: str, keys: Sequence[Any], exact: list[list[int]]) -> list[list[int]]:
    """Returns groups of rows that are nearly the same, without those that are the same."""
    taken = {row for group in exact for row in group}
    if column not in look.media_columns:
        texts = [None if key is None or row in taken else str(key) for row, key in enumerate(keys)]
        return groups(near_texts(texts))
    media = look.media(column)
    cells, vectors = media.vectors()
    rows = {cell: row for row, cell in reversed(list(enumerate(media.slots)))}
    use = [
        place
        for place, cell in enumerate(cells)
        if rows.get(cell) is not None and rows[cell] not in taken and keys[rows[cell]] is not None
    ]
    return [
        [int(rows[cells[use[place]]]) for place in group]
        for group in groups(near_media(vectors[use]))
    ]


def _is_meant(look: Look, column: str, rows: list[int]) -> bool:
    """Returns whether rows name one file with different texts, as a picture with several captions
    or questions."""
    if column not in look.media_columns:
        return False
    texts = [name for name in look.of_kind("text") if name != column]
    if len({str(look.table.cell(row, column)) for row in rows}) > 1:
        return False
    return any(len({look.texts(name)[row] for row in rows}) == len(rows) for name in texts)


def _duplicates(
    look: Look, column: str, kind: str, said: str, found: list[list[int]]
) -> Iterator[Finding]:
    rows = [row for group in found for row in group]
    if not rows or len(rows) > _FEW * len(look):
        return
    yield look.finding(
        kind,
        column,
        rows,
        f"{{rows}} have {said}.",
        _TWICE,
        _APART.format(option("--split-group", column)),
        notes=_same_as(look, found),
    )


def _same_as(look: Look, found: list[list[int]]) -> dict[int, str]:
    notes = {}
    for group in found:
        for row in group:
            other = group[0] if row != group[0] else group[1]
            notes[row] = f"as {look.table.row_name(other)}"
    return notes
