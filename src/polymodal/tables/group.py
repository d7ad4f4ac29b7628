"""Rows to sequences: the utterances of one video, in order, become one sample."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.core.seeds import generator
from polymodal.tables.memory.arrays import to_array
from polymodal.tables.reading.labels import value_key
from polymodal.tables.table import Table


class Members(Sequence):
    """The rows of each sequence, as one array cut into pieces: eight bytes a row.

    Args:
        flat: (rows,) int, the rows of all sequences, one after the other.
        bounds: (sequences + 1,) int, where each sequence starts in `flat`.
    """

    def __init__(self, flat: np.ndarray, bounds: np.ndarray):
        self._flat, self._bounds = flat, bounds

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"There are {len(self)} sequences. Got {index}.")
        index %= len(self)
        return self._flat[self._bounds[index] : self._bounds[index + 1]]


class Sequences(Table):
    """A table whose rows are sequences of another table's rows. Made by `group_rows`.

    Every column except the key holds a list with one value per step; a step without a value holds
    None, and the cell is None if no step has one.

    Args:
        steps: Table, the rows that became steps.
        key: str, the column that names the sequence.
        members: Members, which rows of `steps` each sequence holds, in order.
        ids: (n,) int, index of each sequence in the table as grouped, or None.
        extra: {column: pyarrow array} of further columns with one value per sequence.
    """

    def __init__(
        self,
        steps: Table,
        key: str,
        members: Members,
        ids: np.ndarray | None = None,
        extra: dict | None = None,
    ):
        rows = pa.table({key: pa.nulls(len(members))})  # nulls take no memory
        super().__init__(rows, name=steps.name, root=steps.root, extra=extra)
        self.steps, self.key, self.members, self._ids = steps, key, members, ids

    @property
    def column_names(self) -> list[str]:
        names = self.steps.column_names
        return names + [name for name in self._extra if name not in names]

    @property
    def of_rows(self) -> np.ndarray:
        """The sequence of each row of `steps`, (rows,) int; -1 for those in none."""
        found = np.full(len(self.steps), -1)
        for place, rows in enumerate(self.members):
            found[rows] = place
        return found

    @property
    def origin(self) -> pa.Table:
        """The rows that were grouped, as they were read."""
        return self.steps.origin

    @property
    def row_ids(self) -> np.ndarray | None:
        return self._ids

    def row_number(self, row: int) -> int:
        """Returns the number of the sequence's first row in the file, which messages show."""
        return self.steps.row_number(int(self.members[row][0]))

    def row_name(self, row: int) -> str:
        return self.steps.row_name(int(self.members[row][0]))

    def where(self, row: int) -> dict[str, Any]:
        return self.steps.where(int(self.members[row][0]))

    def cell(self, row: int, column: str) -> Any:
        """Returns the list of a column's values along one sequence; the key as it is."""
        if column in self._extra:
            return super().cell(row, column)
        if not 0 <= row < len(self):
            raise IndexError(f"{self.name} has {len(self)} sequences. Got index {row}.")
        rows = self.members[row]
        if column == self.key:
            return self.steps.cell(int(rows[0]), column)
        values = [self.steps.cell(int(r), column) for r in rows]
        if any(value is not None for value in values):
            return values
        return None

    def values(self, column: str) -> Iterator[Any]:
        """Yields the values of a column, as `cell` gives them."""
        return (self.cell(row, column) for row in range(len(self)))

    def pieces(self, column: str) -> Iterator[pa.Array]:
        """Yields the stored values of a column, one a step, of all steps."""
        if column in self._extra:
            return super().pieces(column)
        return self.steps.pieces(column)

    def select(self, indices: Iterable[int] | np.ndarray) -> Sequences:
        """Returns the table of some sequences."""
        indices = self._checked(indices)
        chosen = [self.members[int(i)] for i in indices]
        bounds = np.concatenate([[0], np.cumsum([len(rows) for rows in chosen])]).astype(np.int64)
        flat = np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
        extra = {name: column.take(pa.array(indices)) for name, column in self._extra.items()}
        ids = indices if self._ids is None else self._ids[indices]
        return Sequences(self.steps, self.key, Members(flat, bounds), ids, extra)

    def with_column(self, name: str, values: Sequence[Any] | np.ndarray) -> Sequences:
        """Returns the table with a column of one value per sequence added or replaced."""
        extra = super().with_column(name, values)._extra
        return Sequences(self.steps, self.key, self.members, self._ids, extra)

    @property
    def data(self) -> pa.Table:
        """The sequences as a pyarrow table of lists, copied into memory: prefer `cell`."""
        return pa.table(
            {name: to_array(name, list(self.values(name))) for name in self.column_names}
        )

    def content(self, columns: Iterable[str]) -> str:
        """Returns the hexadecimal hash of the steps' content and of how they are grouped."""
        wanted = set(columns)
        digest = hashlib.blake2b(self.steps.content(wanted).encode(), digest_size=16)
        for rows in self.members:
            digest.update(np.asarray([len(rows), *rows], np.int64).tobytes())
        for name in sorted(wanted & {*self._extra}):
            digest.update(super().content([name]).encode())
        return digest.hexdigest()


def group_rows(table: Table, by: str, order: str | None = None) -> Sequences:
    """Returns the table whose rows are sequences: all rows with the same value of `by`, in order.

    Nothing is copied; sequences come in the order in which their keys first appear.

    Args:
        table: Table, one step per row.
        by: str, column that names the sequence, such as "video".
        order: str, column that orders the steps, by number where all are numbers, else by text;
            None keeps the order of rows.

    Returns:
        Sequences, with `.members[i]`, the rows (from 0) of `table` that sequence i holds.

    Raises:
        DataError: a key or a position is missing, or two steps are at the same position.

    Example:

    >>> from polymodal.tables.table import read
    >>> steps = read({"video": ["a", "b", "a"], "position": ["10", "1", "9"], "mark": [1, 2, 3]})
    >>> videos = group_rows(steps, "video", "position")
    >>> videos.row(0)
    {'video': 'a', 'position': ['9', '10'], 'mark': [3, 1]}
    """
    codes, sequences = np.empty(len(table), np.int64), {}
    for row, key in enumerate(table.values(by)):
        if key is None:
            raise _missing(table, row, by, "which sequence it belongs to")
        codes[row] = sequences.setdefault(value_key(key), len(sequences))
    sort_keys = [codes]
    if order is not None:
        positions = _positions(table, order)
        sort_keys.insert(0, positions)
    flat = np.lexsort(sort_keys)
    if order is not None:
        _check_distinct(table, flat, codes, positions, by, order)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(sequences)))])
    return Sequences(table, by, Members(flat, bounds))


def sequences_of(table: Table, by: str, order: str | None, most_rows: int) -> Table:
    """Returns the rows of some whole sequences, sampled, about `most_rows` of them and at least one
    sequence, in the order of the table.

    Args:
        table: Table, one step per row.
        by, order: as of `group_rows`.
        most_rows: int.
    """
    return some_sequences(group_rows(table, by, order), range(len(table)), most_rows)


def some_sequences(sequences: Sequences, chosen: Iterable[int], most_rows: int) -> Table:
    """Returns the same of sequences that are made already, of those among `chosen`."""
    among, rows, count = set(chosen), [], 0
    for place in generator(len(sequences)).permutation(len(sequences)).tolist():
        if place in among and (not rows or count + len(sequences.members[place]) <= most_rows):
            rows.append(sequences.members[place])
            count += len(rows[-1])
    return sequences.steps.select(np.sort(np.concatenate(rows)))


def _positions(table: Table, order: str) -> np.ndarray:
    """Returns (rows,) numbers that sort as the column does: numbers by value, texts by letters."""
    values = list(table.values(order))
    for row, value in enumerate(values):
        if value is None or (isinstance(value, float) and math.isnan(value)):
            raise _missing(table, row, order, "its position in the sequence")
    try:
        return np.asarray([float(value) for value in values])
    except (TypeError, ValueError):
        ranks = {value: rank for rank, value in enumerate(sorted(set(map(str, values))))}
        return np.asarray([ranks[str(value)] for value in values])


def _missing(table: Table, row: int, column: str, what: str) -> DataError:
    return DataError(
        f"is empty, but states {what}.",
        "Fill it, or leave the row out.",
        table=table.name,
        row=table.row_number(row),
        column=column,
        reason="missing_group",
    )


def _check_distinct(
    table: Table, flat: np.ndarray, codes: np.ndarray, positions: np.ndarray, by: str, order: str
) -> None:
    same = (np.diff(codes[flat]) == 0) & (np.diff(positions[flat]) == 0)
    if not same.any():
        return
    first = int(np.flatnonzero(same)[0])
    row, other = int(flat[first + 1]), table.row_number(int(flat[first]))
    raise DataError(
        f"has {table.cell(row, order)} for {by} {table.cell(row, by)}, as row {other} does.",
        "Give each step of a sequence its own position.",
        table=table.name,
        row=table.row_number(row),
        column=order,
        reason="same_position",
    )
