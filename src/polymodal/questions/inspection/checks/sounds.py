"""Sounds that differ from the others of their column: silent, clipped, noise, of another rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from polymodal.core.advice import set_option
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look, Media
from polymodal.questions.inspection.robust import median, robust_scores

_SILENT_DECIBELS, _QUIETER_DECIBELS = -60.0, 25.0
_QUIET_SIGMAS = 5.0
_CLIPPED, _CLIPPED_TIMES = 0.02, 6.0
_OFFSET = 0.05
_SAME = 0.8  # share of one rate from which others are odd
_LENGTH_SIGMAS, _LENGTH_FLOOR = 5.0, 0.25
_ODD_SIGMAS = 6.0
_FEW = 0.15  # what more cells have is no exception
_LEAVE = "Listen to each such row, and remove it or empty the cell, which is then read as missing."


def sounds(look: Look) -> Iterator[Finding]:
    """Finds sounds in which little can be heard, and those of another rate, length or kind."""
    for column in look.of_kind("audio"):
        media = look.media(column)
        seen = np.zeros(len(media.facts), bool)
        for kind, found, said, why in _KINDS:
            cells = found(media) & media.readable & ~seen
            seen |= cells
            if cells.any() and cells.mean() <= _FEW:
                yield look.finding(
                    kind,
                    column,
                    media.rows(np.flatnonzero(cells)),
                    f"{{rows}} {said}.",
                    why,
                    _LEAVE,
                )
        yield from _rates(look, column, media)
        yield from _lengths(look, column, media)


def _silent(media: Media) -> np.ndarray:
    decibels = media.values("decibels")
    return (decibels < _SILENT_DECIBELS) & (decibels < median(decibels) - _QUIETER_DECIBELS)


def _quiet(media: Media) -> np.ndarray:
    decibels = media.values("decibels")
    scores = robust_scores(decibels, floor=3.0)
    return (scores < -_QUIET_SIGMAS) & (decibels < median(decibels) - _QUIETER_DECIBELS)


def _clipped(media: Media) -> np.ndarray:
    share = media.values("near_peak")
    return (share > _CLIPPED) & (share > _CLIPPED_TIMES * median(share))


def _shifted(media: Media) -> np.ndarray:
    offset = media.values("offset")
    return (offset > _OFFSET) & (offset > 10 * median(offset))


def _noise(media: Media) -> np.ndarray:
    """Finds sounds whose spectrum is unlike all others, such as noise or a tone."""
    flat = robust_scores(media.values("flatness"), floor=1.2)
    centre = robust_scores(np.log(np.maximum(media.values("centre"), 1)), floor=0.15)
    return (np.abs(flat) > _ODD_SIGMAS) | (np.abs(centre) > _ODD_SIGMAS)


_KINDS = (
    ("silent", _silent, "are silent", "Nothing can be learned from silence."),
    (
        "too quiet",
        _quiet,
        "are far quieter than the others",
        "What is so quiet drowns in the noise of its recording.",
    ),
    (
        "clipped",
        _clipped,
        "are clipped: many samples stand at the loudest value",
        "Clipping adds noise at all frequencies.",
    ),
    (
        "offset",
        _shifted,
        "do not swing around zero",
        "The recorder was faulty, and loudness is measured wrong.",
    ),
    (
        "outlier",
        _noise,
        "sound unlike all others, such as noise or a tone",
        "A model has hardly heard such sounds, and what it says of them is a guess.",
    ),
)


def _rates(look: Look, column: str, media: Media) -> Iterator[Finding]:
    rate = media.values("rate")
    known = np.isfinite(rate)
    if not known.any():
        return
    usual, most = Counter(rate[known]).most_common(1)[0]
    odd = known & (rate != usual)
    if not odd.any() or most < _SAME * known.sum():
        return
    rows = media.rows(np.flatnonzero(odd))
    lowest = set_option("inputs", column, "sample_rate", value=f"{min(rate[known]):.0f}")
    yield look.finding(
        "odd rate",
        column,
        rows,
        f"{{rows}} have another sample rate than {usual:,.0f} Hz.",
        "A lower rate lacks the high frequencies that the others have, and a model can tell them "
        "apart by that alone.",
        f"{lowest} brings all to the lowest rate.",
        notes={int(row): f"{rate[media.slots[row]]:,.0f} Hz" for row in rows},
    )


def _lengths(look: Look, column: str, media: Media) -> Iterator[Finding]:
    seconds = media.values("seconds")
    scores = robust_scores(np.log(np.maximum(seconds, 1e-3)), _LENGTH_FLOOR)
    odd = media.readable & (np.abs(scores) > _LENGTH_SIGMAS)
    if not odd.any() or odd.mean() > _FEW:
        return
    rows = media.rows(np.flatnonzero(odd))
    longest = f"{np.max(seconds[media.readable & ~odd]):.1f}"
    kept = set_option("inputs", column, "max_seconds", value=longest)
    yield look.finding(
        "odd length",
        column,
        rows,
        f"{{rows}} are far shorter or longer than the usual {median(seconds):.2g} s.",
        "Long ones are cut off and short ones hold little.",
        f"{kept} keeps as much as the longest of the others.",
        notes={int(row): f"{seconds[media.slots[row]]:.2f} s" for row in rows},
    )
