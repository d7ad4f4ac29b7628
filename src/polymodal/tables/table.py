"""The table: rows on disk, one cell at a time in memory.

Everything that trains, checks or predicts reads its rows from a `Table`. The rows lie in a
memory-mapped file, so a table takes no memory that grows with its rows; a selection of rows takes
four bytes for each.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from polymodal.core.disk.paths import user_path
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import find, unknown
from polymodal.core.printed.progress import waiting
from polymodal.tables.cell_access import Cells
from polymodal.tables.conversations import told_in
from polymodal.tables.detect import check_exists, detect
from polymodal.tables.memory.arrays import hash_columns, to_array, to_columns
from polymodal.tables.packed import is_packed, unpacked
from polymodal.tables.schema import PLACE
from polymodal.tables.spill import release_memory, spill

_SHORT_INT_ROWS = 2**31
_SHOWN_NAMES = 50


class Table:
    """Named columns over rows, read one cell at a time.

    Args:
        data: pyarrow.Table, the rows as stored.
        name: str, shown in messages, such as "train.csv".
        root: str or Path, folder that relative media paths start from.
        rows: (n,) int, which rows of `data` this table shows, or None for all in order.
        extra: {column: pyarrow array of n values} that add to or replace columns of `data`.
        reopen: function without arguments that opens `data` in another process, or None when
            `data` is in memory.
    """

    def __init__(
        self,
        data: pa.Table,
        *,
        name: str = "table",
        root: str | Path = ".",
        rows: np.ndarray | None = None,
        extra: dict[str, pa.ChunkedArray] | None = None,
        reopen: Callable[[], pa.Table] | None = None,
    ):
        self.name, self.root = name, Path(root)
        self.source: str | None = None  # path that the rows are all of, as `read` was given it
        self._stored, self._rows, self._extra, self._reopen = data, rows, extra or {}, reopen
        self._num_rows = data.num_rows if rows is None else len(rows)
        names = dict.fromkeys([*data.column_names, *self._extra])
        self._places = {
            name: place
            for place, name in enumerate(names)  # the stored come first
            if name != PLACE
        }
        self._has_places = PLACE in data.column_names
        self._cells: dict[str, Cells] = {}

    def __len__(self) -> int:
        return self._num_rows

    def __repr__(self) -> str:
        names = self.column_names
        if len(names) <= _SHOWN_NAMES:
            shown = names
        else:
            shown = [*names[:_SHOWN_NAMES], "..."]
        return f"Table({self.name!r}, {len(self)} rows, columns {shown})"

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self._places)

    @property
    def origin(self) -> pa.Table:
        """The rows as they were read, the same object for all tables that show some of them."""
        return self._stored

    @property
    def row_ids(self) -> np.ndarray | None:
        """(n,) int, index of each row in the table as it was read; None when it shows all."""
        return self._rows

    def row_number(self, row: int) -> int:
        """Returns the number that messages show for a row: from 1, in the table as read."""
        return int(row if self._rows is None else self._rows[row]) + 1

    @property
    def unit(self) -> str:
        """What its rows are, in the plural: rows of a file, or answers in conversations."""
        if self._has_places:
            return "answers"
        return "rows"

    def row_name(self, row: int) -> str:
        """Returns what messages call a row: "row 12", or its place in a file whose entries become
        several rows, such as "line 3, turn 2"."""
        number = self.row_number(row)
        if not self._has_places:
            return f"row {number}"
        return self._stored.column(PLACE)[number - 1].as_py()

    def where(self, row: int) -> dict[str, Any]:
        """Returns where a row is, as a DataError takes it: `table`, `row` and `place`."""
        place = None
        if self._has_places:
            place = self.row_name(row)
        return {"table": self.name, "row": self.row_number(row), "place": place}

    def name_of(self, row: int) -> str:
        """Returns the name that messages show for the table that a row was read from."""
        return self.name

    def sources(self) -> list[Table]:
        """Returns the rows of each table that was read, by themselves: here all of one."""
        return [self]

    def cell(self, row: int, column: str) -> Any:
        """Returns one value, or None where the cell is empty (also a text of spaces only).

        Args:
            row: int, from 0.
            column: str.

        Raises:
            RecipeError: there is no such column.
            IndexError: there is no such row.
        """
        if not 0 <= row < self._num_rows:
            raise IndexError(f"{self.name} has {self._num_rows} rows. Got row index {row}.")
        cells = self._cells.get(column) or self._open(column)
        if self._rows is None or column in self._extra:
            return cells[row]
        return cells[int(self._rows[row])]

    def values(self, column: str) -> Iterator[Any]:
        """Yields the values of a column in order, as `cell` gives them."""
        cells = self._cells.get(column) or self._open(column)
        if self._rows is None or column in self._extra:
            yield from cells
        else:
            for row in self._rows:
                yield cells[int(row)]

    def pieces(self, column: str) -> Iterator[pa.Array]:
        """Yields the stored values of a column as pyarrow arrays, in the order of the file.

        Raises:
            RecipeError: there is no such column.
        """
        self._open(column)
        if self._rows is None or column in self._extra:
            if column in self._extra:
                source = self._extra[column]
            else:
                source = self._stored.column(column)
            yield from source.chunks
            return
        rows, start = np.sort(self._rows), 0
        for chunk in self._stored.column(column).chunks:
            low, high = np.searchsorted(rows, (start, start + len(chunk)))
            if high > low:
                yield chunk.take(pa.array(rows[low:high] - start))
            start += len(chunk)

    def row(self, row: int) -> dict[str, Any]:
        """Returns one row as `{column: value}`."""
        return {name: self.cell(row, name) for name in self.column_names}

    def select(self, indices: Iterable[int] | np.ndarray) -> Table:
        """Returns the table of the rows at `indices` (from 0), in that order; nothing is copied."""
        indices = self._checked(indices)
        rows = indices if self._rows is None else self._rows[indices]
        extra = {name: column.take(pa.array(indices)) for name, column in self._extra.items()}
        if self._stored.num_rows < _SHORT_INT_ROWS:
            kind = np.int32
        else:
            kind = np.int64
        return Table(
            self._stored,
            name=self.name,
            root=self.root,
            rows=rows.astype(kind),
            extra=extra,
            reopen=self._reopen,
        )

    def with_column(self, name: str, values: Sequence[Any] | np.ndarray) -> Table:
        """Returns the table with one column added or replaced.

        Raises:
            DataError: the number of values differs from the number of rows, or types are mixed.
        """
        array = to_array(name, values)
        if len(array) != len(self):
            raise DataError(
                f"needs {len(self)} values, one a row. Got {len(array)}.",
                "Give one value for each row.",
                table=self.name,
                column=name,
            )
        return Table(
            self._stored,
            name=self.name,
            root=self.root,
            rows=self._rows,
            extra={**self._extra, name: pa.chunked_array([array])},
            reopen=self._reopen,
        )

    @property
    def data(self) -> pa.Table:
        """The rows as a pyarrow table. A selection is copied into memory: prefer `cell`."""
        shown = self._stored
        if self._has_places:
            shown = shown.drop_columns([PLACE])
        if self._rows is not None:
            runs = _taken(shown, self._rows.astype(np.int64))
            if len(self):
                shown = pa.concat_tables(runs)
            else:
                shown = shown.slice(0, 0)
        for name, column in self._extra.items():
            if name in shown.column_names:
                shown = shown.set_column(shown.column_names.index(name), name, column)
            else:
                shown = shown.append_column(name, column)
        return shown

    @property
    def fingerprint(self) -> str:
        """Hexadecimal hash of names, types and content of the rows; media files are not read."""
        return self.content(self.column_names)

    def content(self, columns: Iterable[str]) -> str:
        """Returns the hexadecimal hash of some columns, as `fingerprint` is that of all."""
        wanted, digest = set(columns), hashlib.blake2b(digest_size=16)
        from_stored = wanted - set(self._extra)
        hash_columns(
            digest,
            self._stored.select(
                [
                    place
                    for place, name in enumerate(self._stored.column_names)
                    if name in from_stored
                ]
            ),
        )
        if self._rows is not None:
            digest.update(self._rows.astype(np.int64).tobytes())
        if extra := {name: array for name, array in self._extra.items() if name in wanted}:
            hash_columns(digest, pa.table(extra))
        return digest.hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        stored = None if self._reopen else self._stored
        return {**self.__dict__, "_cells": {}, "_stored": stored}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._reopen:
            self._stored = self._reopen()

    def _open(self, column: str) -> Cells:
        if column in self._extra:
            source = self._extra[column]
        elif column in self._places:
            source = self._stored.column(self._places[column])
        else:
            raise RecipeError(f"{self.name}: {unknown('column', column, self.column_names)}")
        cells = self._cells[column] = Cells(source)
        return cells

    def _checked(self, indices: Iterable[int] | np.ndarray) -> np.ndarray:
        indices = np.asarray(indices if isinstance(indices, np.ndarray) else list(indices))
        if indices.dtype == bool:
            indices = np.flatnonzero(indices)
        indices = indices.astype(np.int64)
        if len(indices) and not (indices.min() >= 0 and indices.max() < len(self)):
            raise IndexError(
                f"{self.name} has {len(self)} rows. Got row indices from "
                f"{indices.min()} to {indices.max()}."
            )
        return indices


def _taken(stored: pa.Table, rows: np.ndarray) -> Iterator[pa.Table]:
    """Yields runs of neighbours as slices: `take` on many chunks would first join them all."""
    starts = np.flatnonzero(np.diff(rows, prepend=rows[0] - 2) != 1)
    for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
        yield stored.slice(rows[start], stop - start)


def read(
    source: Any,
    *,
    format: str | None = None,
    media_root: str | Path | None = None,
    name: str | None = None,
) -> Table:
    """Reads a table from a file, a folder or memory.

    Args:
        source: path of a file (CSV, TSV or JSONL, also packed as .gz, .bz2 or .xz; Parquet, tar;
            CSD; COCO, Karpathy, Flickr or LLaVA captions; MELD) or a folder (one folder per class,
            also below train and test; files with metadata.csv as Hugging Face's ImageFolder; tar
            set, Hugging Face dataset, LibriSpeech, Common Voice, LJSpeech, Kaldi, MELD, CSD), or
            rows in memory: a dict of columns (lists, arrays, Series), a dict of single values (one
            row), a list of dicts, or a table of pandas, polars, pyarrow or Hugging Face's
            datasets. A list of {"messages": [...]} gives a row for each answer.
        format: str, one of the formats' names, or None to tell by the name or the content.
        media_root: folder that relative media paths start from, in which formats that look for
            their files look; None for the table's own folder.
        name: str, shown in messages; None for the name of the file.

    Returns:
        Table, whose rows are memory-mapped where they came from a file.

    Raises:
        DataError: the table cannot be read; the message names the row and the fix.
        RecipeError: there is no such format.

    Example:

    >>> table = read({"word": ["one", "two", ""], "number": [1, 2, 3]})
    >>> len(table), table.cell(1, "word"), table.cell(2, "word")
    (3, 'two', None)
    """
    if isinstance(source, Table):
        return source
    if not isinstance(source, str | Path):
        name = name or "table"
        rows = to_columns(told_in(source, name) or source, name)
        return Table(rows, name=name, root=user_path(media_root or "."))
    path = user_path(source)
    if path.name in ("", ".."):  # messages need a name
        path = path.resolve()
    check_exists(path)
    name = name or path.name
    if media_root is None and is_packed(path):  # readers look next to the packed file
        media_root = path.parent
    with unpacked(path) as plain:
        try:
            reader = find("tables.formats", format or detect(plain))
            with waiting(f"Reading {name}"):
                table = _from_file(plain, reader, name, media_root)
        except DataError as error:
            raise _located(error, plain, name) from error.__cause__
    table.source = str(source)
    if not len(table):
        raise DataError("has no rows.", "Add rows.", path=name, reason="empty_table")
    return table


def _from_file(path: Path, reader: Any, name: str, media_root: str | Path | None) -> Table:
    root = path.parent
    if media_root:
        root = user_path(media_root)
    elif path.is_dir():
        root = path
    if media_root and "media_root" in inspect.signature(reader).parameters:
        reader = functools.partial(reader, media_root=root)
    rows = reader(path)
    if isinstance(rows, pa.Table):
        return Table(rows, name=name, root=root, reopen=functools.partial(reader, path))
    spilled = spill(rows)
    del rows
    release_memory()
    return Table(spilled.open(), name=name, root=root, reopen=spilled.open)


def _located(error: DataError, path: Path, name: str) -> DataError:
    """Returns the name for messages: the one that was given, or that of a table in the folder."""
    if error.table not in (path.name, None):
        return error
    if error.path in (path.name, None) and (error.row is not None or error.column is not None):
        error.path, error.table = None, name
    elif error.path == path.name or error.path is None:
        error.path, error.table = name, None
    return error
