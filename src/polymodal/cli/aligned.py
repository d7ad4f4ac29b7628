"""Rows of a table for people, aligned in columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polymodal.core.printed.visible import one_line, width


def columns(rows: Iterable[Sequence[str]], indent: str = "  ") -> str:
    """Returns rows as aligned columns."""
    rows = [list(map(one_line, row)) for row in rows]
    widths = []
    if rows:
        widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        indent + "  ".join(_padded(*pair) for pair in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _padded(cell: str, cells: int) -> str:
    return cell + " " * (cells - width(cell))
