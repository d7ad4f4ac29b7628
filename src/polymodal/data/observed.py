"""What a sample of a column's cells looks like: the ground on which guesses stand."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from polymodal.data.free_text import num_words
from polymodal.data.json_text import parse_json
from polymodal.data.table import Table

SAMPLE_ROWS = 2000
_LARGE_SAMPLE_ROWS = 50  # of cells that are lists, bytes or mappings
_SAMPLE_CHARACTERS = 1 << 23
_ENOUGH = 20
_MISSING_NUMBERS = {"na", "n/a", "nan", "null", "none"}


def evenly(length: int, count: int) -> np.ndarray:
    """Returns up to `count` different indices below `length`, spread evenly over all of them."""
    if length == 0:
        return np.zeros(0, int)
    return np.unique(np.linspace(0, length - 1, count).astype(int))


class Observed:
    """Cells of a column, spread evenly over the table, with what is asked about them.

    Args:
        table: Table.
        name: str, the column.
    """

    def __init__(self, table: Table, name: str):
        self.table, self.name = table, name
        self.cells = [_parsed(cell) for cell in _sample(table, name)]

    def __len__(self) -> int:
        return len(self.cells)

    def all_are(self, *kinds: type) -> bool:
        """Returns True when there are cells and each is one of these types."""
        return bool(self.cells) and all(isinstance(cell, kinds) for cell in self.cells)

    @cached_property
    def distinct(self) -> int:
        """Number of different values among the sampled cells; lists and mappings by their text."""
        return len({c if isinstance(c, str | int | float | bytes) else str(c)
                    for c in self.cells})

    @property
    def distinct_share(self) -> float:
        """`distinct` over the sampled cells, 0..1."""
        return self.distinct / max(len(self.cells), 1)

    @cached_property
    def mean_words(self) -> float:
        """Words of an average cell, for columns of texts."""
        return float(np.mean([num_words(cell) for cell in self.cells]))

    @cached_property
    def numbers(self) -> list[float] | None:
        """The cells as numbers, or None when one of them is none; NaN spelt out is left out."""
        found = []
        for cell in self.cells:
            if isinstance(cell, str) and cell.strip().lower() in _MISSING_NUMBERS:
                continue
            number = as_number(cell)
            if number is None:
                return None
            found.append(number)
        return found or None


def as_number(cell: Any) -> float | None:
    """Returns the finite number that a cell holds or spells, else None."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    if isinstance(cell, str) and ("_" in cell or not cell.isascii()):
        return None  # float() reads "1_000" and digits of other scripts
    try:
        number = float(cell)
    except (ValueError, OverflowError):  # a whole number of 400 digits is no float
        return None
    return number if math.isfinite(number) else None


def _sample(table: Table, name: str) -> list[Any]:
    rows = evenly(len(table), SAMPLE_ROWS)
    cells: list[Any] = []
    characters, skip = 0, 1
    for count, row in enumerate(rows):
        if count % skip:
            continue
        cell = table.cell(int(row), name)
        if cell is None:
            continue
        if isinstance(cell, list | bytes | dict):
            skip = max(len(rows) // _LARGE_SAMPLE_ROWS, 1)
        cells.append(cell)
        characters += len(cell) if isinstance(cell, str) else 0
        if characters > _SAMPLE_CHARACTERS:
            break
    if len(cells) < _ENOUGH and len(table) > len(rows):  # a column that is empty almost everywhere
        cells = []
        for cell in table.values(name):
            if cell is not None:
                cells.append(cell)
            if len(cells) >= _ENOUGH:
                break
    return cells


def _parsed(cell: Any) -> Any:
    """Lists stand in CSV cells as JSON."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            return parse_json(cell)
        except ValueError:
            return cell
    return cell
