"""Numbers and dates that are none, or far from all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from polymodal.core.advice import option
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look
from polymodal.questions.inspection.robust import robust_scores
from polymodal.tables.reading.reading import reading_option

_SIGMAS = 12.0
_FEW = 0.15
_RARE, _TIMES = 0.05, 3.0  # share of a rare value, and times the range of the others beyond them
_REPEATED = 3  # rows with one extreme value, from which it is a code for "not known"
_GAP = 3.0  # times the spread of the others, between them and an outlier


def amounts(look: Look) -> Iterator[Finding]:
    """Finds numbers that are infinite, stand for a missing value, or are far from all others."""
    for column in look.of_kind("number"):
        values = look.numbers(column)
        infinite = np.isinf(values)
        if infinite.any():
            yield look.finding(
                "not a number",
                column,
                np.flatnonzero(infinite),
                "{rows} are infinite.",
                "An infinite number is read as missing.",
                "Correct each such cell.",
            )
        unread = np.array([cell is not None for cell in look.cells(column)]) & np.isnan(values)
        if unread.any() and unread.mean() <= _FEW:
            texts = Counter(str(look.cells(column)[row]) for row in np.flatnonzero(unread))
            marks = [text for text, _ in texts.most_common(3)]
            yield look.finding(
                "placeholder",
                column,
                np.flatnonzero(unread),
                f'{{rows}} hold no number, such as "{marks[0]}".',
                "A placeholder is read as missing only where it is known as one.",
                f"{reading_option(column, 'missing', marks)} reads them as missing.",
            )
        yield from _far(look, column, np.where(infinite, np.nan, values))


def _far(look: Look, column: str, values: np.ndarray) -> Iterator[Finding]:
    far = _outliers(values)
    if not far.any() or far.mean() > _FEW:
        return
    codes = {value for value, count in Counter(values[far]).items() if count >= _REPEATED}
    coded = far & np.isin(values, list(codes))
    if coded.any():
        shown = [int(value) if value == int(value) else value for value in sorted(codes)]
        yield look.finding(
            "placeholder",
            column,
            np.flatnonzero(coded),
            f"{{rows}} hold the same far value, such as {shown[0]}.",
            "A code for a missing value is read as an amount.",
            f"{reading_option(column, 'missing', shown[:3])} reads it as missing.",
        )
    far &= ~coded
    if far.any():
        yield look.finding(
            "outlier",
            column,
            np.flatnonzero(far),
            "{rows} are far from all others.",
            "One far value stretches the scale of the column, or is in another unit.",
            f"Correct each such cell; {option('--ignore', column)} leaves the column out.",
            notes={int(row): f"{values[row]:g}" for row in np.flatnonzero(far)},
        )


def _outliers(values: np.ndarray) -> np.ndarray:
    """Returns which values are far from the others, on both scales where all are positive."""
    known = values[np.isfinite(values)]
    if len(known) < 20:
        return np.zeros(len(values), bool)
    if len(np.unique(known)) < 8:
        return _beyond(values, known)
    far = np.abs(robust_scores(values, floor=float(np.std(_middle(known))))) > _SIGMAS
    if (_middle(known) > 0).all():
        logs = np.log(np.where(values > 0, values, np.nan))
        middle = _middle(logs[np.isfinite(logs)])
        far_by_factor = np.abs(robust_scores(logs, floor=float(np.std(middle)))) > _SIGMAS / 2
        far = (far & far_by_factor) | (values < 0) & far
        far |= far_by_factor & _apart(logs, far_by_factor)
    return far & _apart(values, far)


def _beyond(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Returns which of few different values are rare and far beyond the range of the others."""
    distinct, counts = np.unique(known, return_counts=True)
    usual = distinct[counts > _RARE * len(known)]
    if len(usual) < 2:
        return np.zeros(len(values), bool)
    low, high = usual.min(), usual.max()
    room = _TIMES * (high - low)
    with np.errstate(invalid="ignore"):
        return (values > high + room) | (values < low - room)


def _middle(known: np.ndarray) -> np.ndarray:
    low, high = np.percentile(known, [10, 90])
    return known[(known >= low) & (known <= high)]


def _apart(values: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Returns which far values leave a gap to the others, instead of ending a long tail."""
    others = values[np.isfinite(values) & ~far]
    if not len(others):
        return np.zeros(len(values), bool)
    low, high = others.min(), others.max()
    spread = max(float(np.std(others)), 1e-12)
    with np.errstate(invalid="ignore"):
        return (values > high + _GAP * spread) | (values < low - _GAP * spread)
