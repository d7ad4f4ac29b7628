"""Facts on a sample of a column's cells, on which guesses are based."""

from __future__ import annotations

import datetime
import decimal
import math
from copy import copy
from functools import cache, cached_property
from itertools import chain
from typing import Any

import numpy as np

from polymodal.tables.group import Sequences
from polymodal.tables.reading.free_text import num_words
from polymodal.tables.reading.guess import Guess, guess
from polymodal.tables.reading.lists import parse_list
from polymodal.tables.reading.numbers import NumberFormat
from polymodal.tables.reading.reading import Reading
from polymodal.tables.reading.shapes import shapes
from polymodal.tables.table import Table

SAMPLE_ROWS = 2000
_LARGE_SAMPLE_ROWS = 50  # of cells that are lists, bytes or mappings
_SAMPLE_CHARACTERS = 1 << 23
_ENOUGH = 20
_LONGEST_NUMBER = 48  # characters of a number or date, with unit and spaces


def evenly(length: int, count: int) -> np.ndarray:
    """Returns up to `count` different indices below `length`, spread evenly over all of them."""
    if length == 0:
        return np.zeros(0, int)
    return np.unique(np.linspace(0, length - 1, count).astype(int))


class Observed:
    """Cells of a column, spread evenly over the table, with facts on them.

    Args:
        table: Table.
        name: str, the column.
        given: Reading, how the column is to be read, where somebody says so.
    """

    def __init__(self, table: Table, name: str, given: Reading | None = None):
        self.table, self.name, self.given = table, name, given or Reading()
        self.cells = [_parsed(cell) for cell in _sample(table, name)]
        self._shapes = cache(lambda: shapes(table, name))

    def read_as(self, given: Reading | None) -> Observed:
        """Returns the same cells, read in another way; nothing is looked at again."""
        given = given or Reading()
        if given == self.given:
            return self
        other = copy(self)
        other.given = given
        for read in ("guess", "numbers"):
            other.__dict__.pop(read, None)
        return other

    def __len__(self) -> int:
        return len(self.cells)

    def all_are(self, *kinds: type) -> bool:
        """Returns True when there are cells and each is one of these types."""
        return bool(self.cells) and all(isinstance(cell, kinds) for cell in self.cells)

    @cached_property
    def distinct(self) -> int:
        """Number of different values among the sampled cells; lists and mappings by their text."""
        return len({c if isinstance(c, str | int | float | bytes) else str(c) for c in self.cells})

    @property
    def distinct_share(self) -> float:
        """`distinct` over the sampled cells, 0..1."""
        return self.distinct / max(len(self.cells), 1)

    @cached_property
    def mean_words(self) -> float:
        """Words of an average cell, for columns of texts."""
        return float(np.mean([num_words(cell) for cell in self.cells]))

    @cached_property
    def guess(self) -> Guess | None:
        """What most cells of the whole column are, numbers or dates; None where neither."""
        given, asked = self.given, self.given.asks_for
        if asked == "category" or not self.cells:
            return None
        if self.all_are(str) or self._are_steps:
            found = None
            if asked or self._spells_numbers:
                found = self._shapes()
            if found:
                return guess(found, given, self.name)
            return None
        count = len(self.cells)
        if self.all_are(datetime.date) and asked != "number":
            return Guess("date", given, count, count)
        if self.all_are(int, float, decimal.Decimal) and not self.all_are(bool):
            plain = given.filled(decimal=".", thousands="", unit="")
            if asked != "date":
                return Guess("number", plain, count, count)
            return None
        return None

    @property
    def _are_steps(self) -> bool:
        """Whether cells hold one text for each step of a sequence, of rows that were grouped."""
        return (
            isinstance(self.table, Sequences)
            and self.all_are(list)
            and all(
                isinstance(step, str) for cell in self.cells for step in cell if step is not None
            )
        )

    @property
    def _spells_numbers(self) -> bool:
        """Whether every other cell, of those that say something, could be a number or a date."""
        missing = self.given.numbers.is_missing
        if self._are_steps:
            cells = chain.from_iterable(self.cells)
        else:
            cells = self.cells
        texts = [cell for cell in cells if not missing(cell)]
        likely = sum(len(text) <= _LONGEST_NUMBER and _has_number(text) for text in texts)
        return 0 < len(texts) <= 2 * likely

    @cached_property
    def numbers(self) -> list[float] | None:
        """The finite cells as numbers, or None where the column holds something else too."""
        found = self.guess
        if found is None or found.kind != "number" or (found.odd and not self.given.asks_for):
            return None
        read = (_read(found.reading.numbers, cell) for cell in self.cells)
        return [number for number in read if number is not None and math.isfinite(number)] or None


def as_number(cell: Any) -> float | None:
    """Returns the finite number that a cell holds or spells, else None."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    if isinstance(cell, str) and ("_" in cell or not cell.isascii()):
        return None  # float() reads "1_000" and digits of other scripts
    try:
        number = float(cell)
    except (ValueError, OverflowError):  # a whole number of 400 digits is not a float
        return None
    if math.isfinite(number):
        return number
    return None


def _has_number(text: str) -> bool:
    return any(map(str.isdigit, text)) or text.strip().lower().lstrip("+-") in ("inf", "infinity")


def _read(numbers: NumberFormat, cell: Any) -> float | None:
    try:
        return numbers.read(cell)
    except ValueError:
        return None


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
        if isinstance(cell, str):
            characters += len(cell)
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
    """Returns lists from CSV cells, in JSON or as Python prints them."""
    listed = parse_list(cell)
    if listed is None:
        return cell
    return listed
