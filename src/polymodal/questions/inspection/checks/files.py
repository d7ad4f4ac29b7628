"""Media files that cannot be read, or are none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polymodal.core.advice import option
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look

_CUT = ("cut short", "truncated", "it ends after", "ends early", "incomplete")
_STOPS = "Training stops at such a row, because a wrong cell costs more than a missing row."
_SKIP = "Fix each such file, or train with --skip-bad."
_EMPTY_SHARE = 0.2  # of the rows; where more cells are empty, that is how the table is


def files(look: Look) -> Iterator[Finding]:
    """Finds cells whose file is missing, empty, cut short, broken or of another kind."""
    for column in look.media_columns:
        media = look.media(column)
        cells: dict[str, list[int]] = {}
        for cell, facts in enumerate(media.facts):
            kind = _kind(facts)
            if kind:
                cells.setdefault(kind, []).append(cell)
        for kind, which in cells.items():
            rows = media.rows(which)
            notes = {int(row): _note(media.facts[media.slots[row]]) for row in rows}
            yield look.finding(
                kind,
                column,
                rows,
                f"{{rows}} have a file that is {_SAID[kind]}.",
                _STOPS,
                _SKIP,
                notes=notes,
            )


def empty_cells(look: Look) -> Iterator[Finding]:
    """Finds the empty cells of columns that are hardly ever empty."""
    for column in look.columns:
        if look.kind(column) in ("image", "audio", "video"):
            empty = look.facts.items(column)[0] < 0
        else:
            empty = np.array([cell is None for cell in look.cells(column)], bool)
        share = float(empty.mean())
        if share == 0 or share == 1:
            continue
        if column == look.target:
            yield look.finding(
                "empty",
                column,
                np.flatnonzero(empty),
                "{rows} have no target.",
                "A row without a target teaches nothing and is skipped.",
                "Fill each such cell, or leave its row out.",
            )
        elif share > _EMPTY_SHARE:
            yield look.finding(
                "often empty",
                column,
                [],
                f"{share:.0%} of the cells are empty.",
                "A model learns to do without this column.",
                f"{option('--ignore', column)} leaves it out.",
                level="note",
                count=int(empty.sum()),
            )
        else:
            yield look.finding(
                "empty",
                column,
                np.flatnonzero(empty),
                "{rows} are empty.",
                "An empty cell is read as missing, and the model decides by the other inputs.",
                "Fill each such cell, or keep it empty if it will also be empty in use.",
            )


def _kind(facts: dict) -> str | None:
    if "other_kind" in facts and ("error" in facts or facts["other_kind"] != "image"):
        return "wrong kind of file"
    if "error" not in facts:
        return None
    if facts["reason"] in ("missing_file", "not_a_file"):
        return "missing file"
    if facts["reason"] in ("empty_file", "empty_audio"):
        return "empty file"
    if facts["reason"] == "truncated_file" or any(word in facts["error"] for word in _CUT):
        return "truncated"
    return "unreadable"


def _note(facts: dict) -> str:
    if "other_kind" in facts:
        return f"is {facts['other_kind']}"
    return facts["error"]


_SAID = {
    "missing file": "missing",
    "empty file": "empty",
    "truncated": "cut short",
    "unreadable": "broken",
    "wrong kind of file": "of another kind",
}
