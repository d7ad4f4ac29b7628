"""When a check stops: unexpected bad rows, too many of them, or no row left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from polymodal.core.errors import DataError

__all__ = ["BadRows", "refuse_bad", "refuse_empty"]

_SHOWN = 5  # bad rows that an error lists


@dataclass
class BadRows:
    """The bad rows of a table as it was read.

    Args:
        table: str, name of the table.
        errors: list of DataError, one for each bad row.
        num_rows: int, rows that were checked.
        unit: str, what the rows are: "rows", or "answers" in conversations.
    """

    table: str
    errors: list[DataError] = field(default_factory=list)
    num_rows: int = 0
    unit: str = "rows"


def refuse_bad(tables: Sequence[BadRows], skip_bad: bool, max_bad_share: float) -> None:
    """Raises on bad rows that are not skipped, or on too large a share of a table.

    Args:
        tables: sequence of BadRows.
        skip_bad: bool, whether bad rows are skipped.
        max_bad_share: float, 0..1, share of a table's rows above which even `skip_bad` stops.

    Raises:
        DataError: the message names the first five bad rows and the fix.
    """
    bad = [error for table in tables for error in _in_order(table)]
    if bad and not skip_bad:
        names = {table.table for table in tables}
        count = f"{sum(table.num_rows for table in tables)} {tables[0].unit}"
        raise DataError(
            f"{len(bad)} of {count} cannot be used:\n{_listed(bad)}\n",
            "Fix them, or run with --skip-bad to skip them.",
            table=names.pop() if len(names) == 1 else None,
            reason="bad_rows",
        )
    for table in tables:
        share = len(table.errors) / max(1, table.num_rows)
        if share > max_bad_share:
            raise DataError(
                f"{len(table.errors)} of {table.num_rows} {table.unit} cannot be used, "
                f"{100 * share:.1f} % where at most {100 * max_bad_share:.1f} % is allowed:\n"
                f"{_listed(_in_order(table))}\n",
                "Fix them, or allow more with --max-bad-share.",
                table=table.table,
                reason="bad_rows",
            )


def refuse_empty(
    table: str, num_without_target: int, num_without_input: int, bad: Sequence[DataError]
) -> None:
    """Raises because a table has no row to use.

    Raises:
        DataError: always.
    """
    raise DataError(
        f"leaves no row to use: {num_without_target} without a target, {num_without_input} without "
        f"any input, {len(bad)} that cannot be used" + (f":\n{_listed(bad)}\n" if bad else "."),
        "Check the names of the columns and the files.",
        table=table,
        reason="no_rows",
    )


def _in_order(table: BadRows) -> list[DataError]:
    return sorted(table.errors, key=lambda error: error.row or 0)


def _listed(bad: Sequence[DataError]) -> str:
    lines = [f"  {error}" for error in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        lines.append(f"  and {len(bad) - _SHOWN} more.")
    return "\n".join(lines)
