"""Enters every skipped, truncated or repaired row into the ledger."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.core.printed.progress import warn
from polymodal.feed.findings import Findings
from polymodal.feed.samples import Samples

_SHOWN = 5  # rows that a sentence names


def count_skipped(samples: Samples, found: Findings, kept: np.ndarray, ledger: Any) -> None:
    """Enters every skipped and every truncated row under its number as read."""
    table = samples.table
    bad = np.zeros(len(samples), bool)
    bad[list(found.bad)] = True
    for row, error in sorted(found.bad.items()):
        ledger.drop(table.name_of(row), table.row_number(row) - 1, error.reason, str(error))
    for reason, rows, problem in (
        ("no_target", found.no_target & ~bad, f'column "{samples.target_column}" is empty.'),
        ("no_input", found.no_input & ~found.no_target & ~bad, "every input is empty."),
    ):
        for row in np.flatnonzero(rows):
            name, number = table.name_of(int(row)), table.row_number(int(row))
            ledger.drop(name, number - 1, reason, f"{name} {table.row_name(int(row))}: {problem}")
    _count_gaps(samples, found, ledger)
    names = [*(f'input "{source.name}"' for source in samples.sources), "the target"]
    keys = [*(source.name for source in samples.sources), "target"]
    for index, (name, key) in enumerate(zip(names, keys, strict=True)):
        cut = found.truncated[index]
        for row in [] if cut is None else kept[cut[kept]]:
            own = table.name_of(row)
            ledger.truncate(
                own,
                table.row_number(row) - 1,
                f"{key}_too_long",
                f"{own} {table.row_name(row)}: {name} is longer than is kept; "
                f"{_what_is_cut(samples, index, int(row))}.",
            )


def _what_is_cut(samples: Samples, index: int, row: int) -> str:
    """Returns a clause on what is left out of an input, or of the target."""
    sources = samples.sources[index : index + 1]  # none is the target
    if not (sources and sources[0].modality.is_text):
        return "the rest is cut off"
    return sources[0].modality.what_is_cut(samples.decode(sources[0], row))


def _count_gaps(samples: Samples, found: Findings, ledger: Any) -> None:
    """Enters the rows with an infinite number, which is read as missing, and names them."""
    table, rows = samples.table, {}
    for row, columns in found.gaps.items():
        name, number = table.name_of(row), table.row_number(row)
        for column in columns:
            rows.setdefault((name, column), []).append(number)
        ledger.repair(
            name,
            number - 1,
            "infinite_number",
            f"{name} row {number}: "
            f"column {' and '.join(columns)} is infinite and is read as missing.",
        )
    for (name, column), numbers in rows.items():
        where = "rows"
        if len(numbers) == 1:
            where = "row"
        shown = ", ".join(map(str, numbers[:_SHOWN]))
        more = ""
        if len(numbers) > _SHOWN:
            more = f" and {len(numbers) - _SHOWN} more"
        warn(
            f'{name}: column "{column}" is infinite in {where} {shown}{more}. '
            "These cells are read as missing."
        )
