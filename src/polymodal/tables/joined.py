"""Rows of several tables as those of one: first all of one table, then those that are added."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.tables.memory.arrays import to_array
from polymodal.tables.table import Table

Change = Callable[[str, Any, Table], Any]


class Joined(Table):
    """A table with the rows of several tables, one after the other; nothing is copied.

    It has the columns of the first table. Where another table lacks one, its cells are empty.

    Args:
        tables: sequence of Table, each with a name of its own.
        change: function from column, cell and table to the cell as it is to be read, for cells of
            all tables but the first; None leaves them.
        rows: (n,) int, which rows this table shows, or None for all in order.
        extra: {column: pyarrow array of n values} that add to or replace columns.

    Example:

    >>> from polymodal.tables.table import read
    >>> one, other = read({"x": [1, 2], "y": ["a", "b"]}), read({"x": [3]}, name="more.csv")
    >>> both = Joined([one, other])
    >>> both.row(2), both.name_of(2), both.row_number(2)
    ({'x': 3, 'y': None}, 'more.csv', 1)
    """

    def __init__(
        self,
        tables: Sequence[Table],
        change: Change | None = None,
        *,
        rows: np.ndarray | None = None,
        extra: dict[str, pa.ChunkedArray] | None = None,
    ):
        self._tables, self._change = list(tables), change
        self._starts = np.cumsum([0, *map(len, tables)]).tolist()
        stored = pa.table({"": pa.nulls(self._starts[-1])})  # nulls take no memory
        super().__init__(stored, name=tables[0].name, root=tables[0].root, rows=rows, extra=extra)
        names = dict.fromkeys([*tables[0].column_names, *self._extra])
        self._places = {name: place for place, name in enumerate(names)}

    def name_of(self, row: int) -> str:
        """Returns the name of the table that a row was read from."""
        return self._tables[self._place(row)[0]].name

    def row_number(self, row: int) -> int:
        """Returns the number that messages show for a row: from 1, in the table of that row."""
        index, own = self._place(row)
        return self._tables[index].row_number(own)

    def row_name(self, row: int) -> str:
        """Returns what messages call a row in its own table."""
        index, own = self._place(row)
        return self._tables[index].row_name(own)

    def where(self, row: int) -> dict[str, Any]:
        """Returns where a row is, as a DataError takes it."""
        index, own = self._place(row)
        return self._tables[index].where(own)

    def sources(self) -> list[Table]:
        """Returns the rows of each table by themselves."""
        if self._rows is None:
            return list(self._tables)
        of_table = np.searchsorted(self._starts, self._rows, side="right") - 1
        return [
            table.select(self._rows[of_table == index] - self._starts[index])
            for index, table in enumerate(self._tables)
        ]

    def cell(self, row: int, column: str) -> Any:
        """Returns one value, or None where the cell is empty or its table lacks the column."""
        if column in self._extra:
            return super().cell(row, column)
        if not 0 <= row < len(self):
            raise IndexError(f"{self.name} has {len(self)} rows. Got row index {row}.")
        return self._cell(*self._place(row), column)

    def values(self, column: str) -> Iterator[Any]:
        """Yields the values of a column in order, as `cell` gives them."""
        self._check(column)
        if column in self._extra:
            return super().values(column)
        if self._rows is not None:
            return (self.cell(row, column) for row in range(len(self)))
        return (
            self._read(index, column, value)
            for index, table in enumerate(self._tables)
            for value in _values(table, column)
        )

    def pieces(self, column: str) -> Iterator[pa.Array]:
        """Yields the stored values of a column, without the cells of tables that lack it."""
        self._check(column)
        if column in self._extra:
            return super().pieces(column)
        return (
            piece
            for table in self.sources()
            if column in table.column_names and len(table)
            for piece in table.pieces(column)
        )

    def select(self, indices: Iterable[int] | np.ndarray) -> Joined:
        """Returns the table of the rows at `indices` (from 0), in that order."""
        indices = self._checked(indices)
        rows = indices if self._rows is None else self._rows[indices]
        extra = {name: column.take(pa.array(indices)) for name, column in self._extra.items()}
        return Joined(self._tables, self._change, rows=rows, extra=extra)

    def with_column(self, name: str, values: Sequence[Any] | np.ndarray) -> Joined:
        """Returns the table with one column added or replaced."""
        extra = super().with_column(name, values)._extra
        return Joined(self._tables, self._change, rows=self._rows, extra=extra)

    @property
    def data(self) -> pa.Table:
        """The rows as a pyarrow table, copied into memory: prefer `cell`."""
        return pa.table(
            {name: to_array(name, list(self.values(name))) for name in self.column_names}
        )

    def content(self, columns: Iterable[str]) -> str:
        """Returns the hexadecimal hash of some columns of all tables and of the rows shown."""
        wanted, digest = set(columns), hashlib.blake2b(digest_size=16)
        for table in self._tables:
            digest.update(table.content(wanted & set(table.column_names)).encode())
        digest.update(super().content(wanted & set(self._extra)).encode())
        return digest.hexdigest()

    def _place(self, row: int) -> tuple[int, int]:
        """Returns the table of a row, and its row there."""
        stored = row if self._rows is None else int(self._rows[row])
        index = bisect_right(self._starts, stored) - 1
        return index, stored - self._starts[index]

    def _cell(self, index: int, row: int, column: str) -> Any:
        table = self._tables[index]
        if column in table.column_names:
            return self._read(index, column, table.cell(row, column))
        self._check(column)
        return None

    def _read(self, index: int, column: str, cell: Any) -> Any:
        if index and cell is not None and self._change is not None:
            return self._change(column, cell, self._tables[index])
        return cell

    def _check(self, column: str) -> None:
        if column not in self._places:
            raise RecipeError(f"{self.name}: {unknown('column', column, self.column_names)}")


def _values(table: Table, column: str) -> Iterable[Any]:
    if column in table.column_names:
        return table.values(column)
    return [None] * len(table)
