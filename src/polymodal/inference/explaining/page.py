"""An explanation as a page, and as plain data for a report: shares, and what mattered in rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polymodal.core.disk.files import check_name, check_writable, write_atomic
from polymodal.evaluation.report.mattered import mattered
from polymodal.evaluation.report.page import environment
from polymodal.inference.explaining.explanation import Explanation, RowExplanation
from polymodal.inference.explaining.sentences import (
    faithful_words,
    goal_words,
    pair_words,
    row_sentences,
)

__all__ = ["check_page", "shown", "write_page"]

_TEMPLATE = Path(__file__).parent / "explain.html.j2"


def check_page(path: Path) -> None:
    """Checks that a page can be written.

    Raises:
        RecipeError: its name does not end in .html.
        PolymodalError: it cannot be written.
    """
    check_writable(check_name("--out", path, [".html"]))


def write_page(found: Explanation, path: Path) -> None:
    """Writes a page that opens offline, with no script in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page = environment(_TEMPLATE.parent).get_template(_TEMPLATE.name)
    title = f"Why the model answers as it does: {found.table}"
    write_atomic(path, page.render(title=title, why=shown(found)))


def shown(found: Explanation) -> dict[str, Any]:
    """Returns plain values, pictures as addresses that hold them, as `explanation.html.j2` shows
    them."""
    return {
        "goal": f"{goal_words(found)}.",
        "inputs": [
            {"name": name, "share": share, "value": found.inputs[name]}
            for name, share in found.shares.items()
        ],
        "pairs": [_pair(found, name) for name in found.pairs],
        "faithful": faithful_words(found),
        "of_numbers": found.of_numbers,
        "rows": [_row(row, found.what) for row in found.rows],
    }


def _pair(found: Explanation, name: str) -> dict[str, Any]:
    low, high = found.intervals[name]
    return {
        "name": name,
        "value": found.pairs[name],
        "low": low,
        "high": high,
        "meaning": pair_words(low, high),
    }


def _row(row: RowExplanation, what: str) -> dict[str, Any]:
    lines = list(row_sentences(row, what))
    return {
        "title": lines[0].strip(),
        "lines": [line.strip() for line in lines[1:]],
        "parts": [mattered(name, parts, row.shown.get(name)) for name, parts in row.parts.items()],
    }
