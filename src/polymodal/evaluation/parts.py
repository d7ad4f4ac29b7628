"""The slices of a table by a column, and their names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from polymodal.profile.column_rules import is_called_who
from polymodal.tables.reading.labels import Spellings, label_key

__all__ = ["named_parts"]

EMPTY = "(empty)"
OTHERS = "(others)"
MOST_VALUES = 20


def named_parts(
    column: str, values: Sequence[Any], rows: np.ndarray
) -> tuple[list[str], list[str] | None]:
    """Returns the name of the slice of each row, and the order of the slices if they have one."""
    cells = [values[row] for row in rows]
    cells = _spelled_alike([None if cell is None or cell == "" else cell for cell in cells])
    present = [cell for cell in cells if cell is not None]
    kinds = {str(cell) for cell in present}
    if len(kinds) > MOST_VALUES:
        numbers = None if is_called_who(column) else _numbers(present)
        if numbers is not None:
            return _quarters(cells, numbers)
        count: dict[str, int] = {}
        for cell in present:
            count[str(cell)] = count.get(str(cell), 0) + 1
        kinds = set(sorted(count, key=lambda kind: -count[kind])[:MOST_VALUES])
    return [_part_of(cell, kinds) for cell in cells], None


def _part_of(cell: Any, kinds: Collection[str]) -> str:
    if cell is None:
        return EMPTY
    if str(cell) in kinds:
        return str(cell)
    return OTHERS


def _spelled_alike(cells: list[Any]) -> list[Any]:
    """Returns the cells with texts that mean the same in their most frequent spelling."""
    spellings = Spellings()
    for cell in cells:
        if isinstance(cell, str):
            spellings.add(cell)
    shown = spellings.labels()
    return [shown[label_key(cell)] if isinstance(cell, str) else cell for cell in cells]


def _numbers(cells: list[Any]) -> np.ndarray | None:
    try:
        numbers = np.array([float(cell) for cell in cells])
    except (TypeError, ValueError):
        return None
    if np.isfinite(numbers).all():
        return numbers
    return None


def _quarters(cells: list[Any], numbers: np.ndarray) -> tuple[list[str], list[str]]:
    edges = np.unique(np.quantile(numbers, [0, 0.25, 0.5, 0.75, 1]))
    names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)]
    place = np.searchsorted(edges[1:-1], numbers, side="right")
    inside = iter(names[i] for i in place)
    return [EMPTY if cell is None else next(inside) for cell in cells], [*names, EMPTY]
