"""What does not fit between columns: speech rates, stated values, names of files."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import PurePath
from typing import Any

import numpy as np

from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look
from polymodal.questions.inspection.robust import robust_scores
from polymodal.text.words import is_unspaced

_PARTS = re.compile(r"[A-Za-z]+|[0-9]+")
_CORRELATED = 0.5  # of lengths of text and sound, from which one is the transcript of the other
_FAST_SIGMAS, _SLOW_SIGMAS, _RATE_FLOOR, _RATE_FACTOR = 3.7, 5.0, 0.1, 1.5
_ROWS_A_SPEAKER = 15
_MOST_LETTERS, _MOST_UNSPACED = 40.0, 15.0  # a second
_AGREE = 0.8  # of the rows, from which a column states what was measured
_TOLERANCE = 0.03
_PURE, _MOST_SAME = 0.88, 0.8
_ROWS_A_VALUE, _TOKENS_A_VALUE = 5, 1.5
_WHY_PAIR = "A wrong pair teaches the model the opposite of what holds."
_FIX_PAIR = "Correct each such row, or remove it."
_MEASURED = (
    "seconds",
    "sound_seconds",
    "active_seconds",
    "width",
    "height",
    "rate",
    "frames_per_second",
    "channels",
)


def speech_rates(look: Look) -> Iterator[Finding]:
    """Finds transcripts that nobody could speak in the length of their sound."""
    for column in look.of_kind("audio", "video"):
        media = look.media(column)
        seconds = media.by_row("seconds" if media.modality == "audio" else "sound_seconds")
        active = media.by_row("active_seconds")
        for text in look.of_kind("text"):
            letters = np.array(
                [np.nan if one is None else len("".join(one.split())) for one in look.texts(text)]
            )
            if not _is_transcript(look, text, letters, seconds):
                continue
            odd = _odd_rates(letters, seconds, active, _speakers(look))
            odd |= letters / seconds > _most_letters(look.texts(text))
            if odd.any() and odd.mean() < 0.2:
                yield look.finding(
                    "speech rate",
                    (column, text),
                    np.flatnonzero(odd),
                    "{rows} have far more or fewer words than the sound has time for.",
                    "The sound is cut, or the text belongs to another one.",
                    _FIX_PAIR,
                    notes={
                        int(row): f"{letters[row]:.0f} letters in {seconds[row]:.2f} s"
                        for row in np.flatnonzero(odd)
                    },
                )


def _is_transcript(look: Look, text: str, letters: np.ndarray, seconds: np.ndarray) -> bool:
    known = np.isfinite(letters) & np.isfinite(seconds)
    if known.sum() < 12:
        return False
    ranks = [np.argsort(np.argsort(values[known])) for values in (letters, seconds)]
    return bool(np.corrcoef(ranks[0], ranks[1])[0, 1] > _CORRELATED)


def _odd_rates(
    letters: np.ndarray, seconds: np.ndarray, active: np.ndarray, speakers: np.ndarray
) -> np.ndarray:
    """Returns where the letters are too many for the sound, or too few both for the sound and for
    what of it is not silent; each speaker has a speed."""
    slow = np.ones(len(letters), bool)
    fast = np.zeros(len(letters), bool)
    for length in (seconds, np.where(np.isfinite(active), active, seconds)):
        left = _residual(np.log(np.maximum(length, 0.02)), np.log(np.maximum(letters, 1)))
        left -= _usual(left, speakers)
        scores = robust_scores(left, _RATE_FLOOR)
        slow &= (scores < -_SLOW_SIGMAS) & (left < -np.log(_RATE_FACTOR))
        if length is seconds:
            fast = (scores > _FAST_SIGMAS) & (left > np.log(_RATE_FACTOR))
    return slow | fast


def _speakers(look: Look) -> np.ndarray:
    """Returns (rows,) int, who speaks, as far as a column says so."""
    names = look.facts.who_columns()
    if not names:
        return np.zeros(len(look), int)
    return np.unique([str(text) for text in look.texts(names[0])], return_inverse=True)[1]


def _usual(left: np.ndarray, speakers: np.ndarray) -> np.ndarray:
    """Returns the median of each row's speaker, 0 where a speaker has few rows."""
    found = np.zeros(len(left))
    for speaker in np.unique(speakers):
        rows = speakers == speaker
        if np.isfinite(left[rows]).sum() >= _ROWS_A_SPEAKER:
            found[rows] = np.nanmedian(left[rows])
    return found


def _residual(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns y without its straight line over x, fitted so that outliers do not count."""
    known = np.isfinite(x) & np.isfinite(y)
    keep, line = known.copy(), np.zeros(2)
    for _ in range(4):
        line = np.polyfit(x[keep], y[keep], 1)
        left = np.abs(y - np.polyval(line, x))
        keep = known & (left <= np.median(left[known]) * 3)
    return np.where(known, y - np.polyval(line, x), np.nan)


def _most_letters(texts: list[str | None]) -> float:
    shown = " ".join(text for text in texts[:200] if text)
    if is_unspaced(shown):
        return _MOST_UNSPACED
    return _MOST_LETTERS


def stated_values(look: Look) -> Iterator[Finding]:
    """Finds numbers that state another length or size than their media or text has."""
    measured = dict(_measurements(look))
    for column in look.of_kind("number"):
        values = look.numbers(column)
        for (source, key), found in measured.items():
            known = np.isfinite(values) & np.isfinite(found)
            if source == column or known.sum() < 20 or len(np.unique(found[known])) < 3:
                continue
            agree = np.abs(values - found) <= np.maximum(_TOLERANCE * np.abs(found), 0.011)
            odd = known & ~agree
            if agree[known].mean() >= _AGREE and odd.any():
                yield look.finding(
                    "stated value",
                    (column, source),
                    np.flatnonzero(odd),
                    f'{{rows}} state another value than the {key} of "{source}".',
                    "Either the number is wrong, or the row has the wrong file or text.",
                    _FIX_PAIR,
                    notes={
                        int(row): f"{values[row]:g} is stated, {found[row]:g} found"
                        for row in np.flatnonzero(odd)
                    },
                )


def _measurements(look: Look) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    for column in look.media_columns:
        media = look.media(column)
        for key in _MEASURED:
            yield (column, key.replace("_", " ")), media.by_row(key)
    for column in look.of_kind("text"):
        texts = look.texts(column)
        yield (column, "characters"), np.array([np.nan if t is None else len(t) for t in texts])
        yield (column, "words"), np.array([np.nan if t is None else len(t.split()) for t in texts])


def file_names(look: Look) -> Iterator[Finding]:
    """Finds files whose name goes with another label, speaker or file than those of their row."""
    names = {column: _stems(look, column) for column in look.media_columns}
    for one, other in combinations(names, 2):
        yield from _same_stems(look, one, other, names[one], names[other])
    for column, stems in names.items():
        parts = [None if stem is None else _PARTS.findall(stem) for stem in stems]
        for other in look.of_kind("category"):
            yield from _parts_and_values(look, column, parts, other)


def _stems(look: Look, column: str) -> list[str | None]:
    """Returns the names of the files of a column, without their endings."""
    return [
        str(PurePath(cell).with_suffix("")) if isinstance(cell, str) and len(cell) < 300 else None
        for cell in look.table.values(column)
    ]


def _same_stems(
    look: Look, one: str, other: str, first: list[str | None], second: list[str | None]
) -> Iterator[Finding]:
    pairs = [
        (PurePath(a).name, PurePath(b).name) if a and b else None
        for a, b in zip(first, second, strict=True)
    ]
    known = [pair for pair in pairs if pair]
    same = sum(a == b for a, b in known)
    if len(known) < 20 or not _AGREE * len(known) <= same < len(known):
        return
    if len({a for a, _ in known}) < 0.5 * len(known):
        return
    odd = [row for row, pair in enumerate(pairs) if pair and pair[0] != pair[1]]
    yield look.finding(
        "mismatched files",
        (one, other),
        odd,
        f'{{rows}} join files of different names, while {same:,} have the same name in "{one}" '
        f'and "{other}".',
        _WHY_PAIR,
        _FIX_PAIR,
        notes={row: f"{first[row]} and {second[row]}" for row in odd},
    )


def _parts_and_values(look: Look, column: str, parts: list[Any], other: str) -> Iterator[Finding]:
    """Finds rows in which part of a file's name goes with another value than elsewhere."""
    values = look.texts(other)
    most = max((len(found) for found in parts if found), default=0)
    for place in range(min(most, 12)):
        tokens = [found[place] if found and len(found) > place else None for found in parts]
        meant = _determined(tokens, values)
        if not meant:
            continue
        odd = [
            row
            for row, token in enumerate(tokens)
            if token in meant and values[row] is not None and values[row] != meant[token]
        ]
        if odd:
            yield look.finding(
                "mismatched files",
                (column, other),
                odd,
                f'{{rows}} have a file whose name goes with another "{other}" in the other rows.',
                f'Either "{other}" is wrong, or the row has the wrong file.',
                _FIX_PAIR,
                notes={
                    row: f'"{tokens[row]}" in {parts[row] and "_".join(parts[row])} goes with '
                    f'"{meant[tokens[row]]}", not "{values[row]}"'
                    for row in odd
                },
            )
            return


def _determined(tokens: list[Any], values: list[str | None]) -> dict[Any, str]:
    """Returns {token: its usual value} where tokens determine values nearly always."""
    counts: dict[Any, Counter[str]] = defaultdict(Counter)
    overall: Counter[str] = Counter()
    for token, value in zip(tokens, values, strict=True):
        if token is not None and value is not None:
            counts[token][value] += 1
            overall[value] += 1
    total = overall.total()
    if total < 40 or len(counts) < 2 or len(counts) * _ROWS_A_VALUE > total or len(overall) < 2:
        return {}
    several = [value for value, count in overall.items() if count >= _ROWS_A_VALUE]
    if len(counts) > _TOKENS_A_VALUE * len(several):
        return {}  # names that go with answers by chance
    right = sum(found.most_common(1)[0][1] for found in counts.values())
    if right < _PURE * total or overall.most_common(1)[0][1] > _MOST_SAME * total:
        return {}
    return {
        token: found.most_common(1)[0][0]
        for token, found in counts.items()
        if found.total() >= _ROWS_A_VALUE
    }
