"""The page of an inspection: every finding with some of its rows, images shown, sounds playable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.disk.files import check_name, check_writable, write_atomic
from polymodal.core.errors import DataError
from polymodal.core.printed.counting import counted
from polymodal.evaluation.report import page as report
from polymodal.evaluation.report.media import describe_inputs
from polymodal.media.audio import read_audio
from polymodal.media.cells import open_cell
from polymodal.media.media_cell import media_cell
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look
from polymodal.questions.inspection.written import shown

_ROWS = 8  # of each finding that are shown
_MOST_BYTES = 2_000_000  # larger files are not copied into the page
_PART_RATE = 16_000  # hertz of parts of recordings on the page
_TEMPLATE = Path(__file__).parent / "inspect.html.j2"


def write_page(path: str | Path, found: Any) -> Path:
    """Writes the page of an Inspection, one file that opens offline.

    Raises:
        RecipeError: the name does not end in .html.
        PolymodalError: the file cannot be written.
    """
    path = check_writable(check_name("--out", path, [".html"]))
    look = next(iter(found.looks.values()))
    cards = [
        _card(number, finding, found.looks[finding.part])
        for number, finding in enumerate(found.findings)
    ]
    page = (
        report.environment(_TEMPLATE.parent)
        .get_template(_TEMPLATE.name)
        .render(
            title=look.table.name,
            target=look.target,
            cards=cards,
            deep=found.deep,
            figures=_figures(found),
            columns=found.columns,
            parts=list(found.looks),
            waiting=found.left_for_deep,
        )
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, page)
    return path


def _figures(found: Any) -> list[dict[str, str]]:
    rows = sum(map(len, found.looks.values()))
    flagged = {(one.part, row) for one in found.faults for row in one.rows}
    return [
        {
            "label": "rows",
            "value": f"{rows:,}",
            "note": ", ".join(f"{len(look):,} {part}" for part, look in found.looks.items()),
        },
        {
            "label": "faults",
            "value": str(len(found.faults)),
            "note": f"and {counted(len(found.findings) - len(found.faults), 'note')}",
        },
        {
            "label": "rows with a fault",
            "value": f"{len(flagged):,}",
            "note": f"{len(flagged) / max(rows, 1):.1%} of all",
        },
    ]


def _card(number: int, finding: Finding, look: Look) -> dict[str, Any]:
    places = look.places
    if finding.rows:
        picked = np.unique(np.linspace(0, len(finding.rows) - 1, _ROWS).astype(int))
    else:
        picked = []
    rows = [finding.rows[place] for place in picked]
    return {
        "id": f"finding-{number}",
        "finding": finding,
        "columns": ", ".join(finding.columns),
        "rows": [
            {
                "row": look.place_of(row) or f"row {row:,}",
                "note": finding.notes.get(row, ""),
                "shown": describe_inputs(_inputs(look, places[row])),
            }
            for row in rows
        ],
        "more": len(finding.rows) - len(rows),
    }


def _inputs(look: Look, row: int) -> dict[str, dict[str, Any]]:
    """Returns the cells of a row as the report's cards take them, those of no media in a table."""
    inputs: dict[str, dict[str, Any]] = {}
    others = []
    for name in look.columns:
        kind = look.kind(name)
        cell = look.table.cell(row, name)
        if name in look.media_columns:
            inputs[name] = {"modality": kind, **_content(cell, str(kind), look)}
        elif kind == "text":
            inputs[name] = {"modality": "text", "value": None if cell is None else shown(cell)}
        else:
            others.append((name, shown(cell)))
    if others:
        inputs["other columns"] = {"modality": "tabular", "value": dict(others)}
    return inputs


def _content(cell: Any, kind: str, look: Look) -> dict[str, Any]:
    if cell is None:
        return {"value": None}
    try:
        if kind == "audio" and media_cell(cell).is_part:
            return {
                "value": read_audio(cell, look.table.root, _PART_RATE),
                "sample_rate": _PART_RATE,
            }
        data = open_cell(cell, look.table.root)[0]
        if isinstance(data, Path):
            data = data.read_bytes() if data.stat().st_size <= _MOST_BYTES else None
    except (DataError, OSError):
        return {"value": b""}  # the card says that it cannot be shown
    return {"value": data}
