"""The rows of each finding as a CSV file that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polymodal.core.disk.files import check_writable, file_name, write_atomic
from polymodal.inference.table_file import guarded
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look

_MOST_LETTERS = 500  # of a cell


def write_rows(
    folder: str | Path, findings: list[Finding], looks: Mapping[str, Look]
) -> list[Path]:
    """Writes one CSV file for each finding that is about rows.

    Args:
        folder: path; made when absent.
        findings: list of Finding.
        looks: {part: Look}, where the rows are.

    Returns:
        The paths, in the order of the findings.

    Raises:
        PolymodalError: the folder cannot be written.
    """
    folder = check_writable(folder, folder=True)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for finding in findings:
        if not finding.rows:
            continue
        columns = "-".join(finding.columns[:3])
        path = folder / f"{file_name(f'{finding.part}-{finding.kind}-{columns}')}.csv"
        if path in written:
            path = path.with_stem(f"{path.stem}-{len(written)}")
        write_atomic(path, _text(finding, looks[finding.part]))
        written.append(path)
    return written


def _text(finding: Finding, look: Look) -> str:
    places = look.places
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["row", "finding", *look.columns])
    for row in finding.rows:
        cells = [shown(look.table.cell(places[row], name)) for name in look.columns]
        writer.writerow(
            [look.place_of(row) or row, finding.notes.get(row, finding.kind), *map(guarded, cells)]
        )
    return buffer.getvalue()


def shown(cell: Any) -> str:
    """Returns a cell as a short text; of bytes their number."""
    if cell is None:
        return ""
    if isinstance(cell, bytes):
        return f"{len(cell):,} bytes"
    if isinstance(cell, dict):
        return str(cell.get("path") or cell.get("name") or "")
    return str(cell)[:_MOST_LETTERS]
