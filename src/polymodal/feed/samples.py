"""The samples of a table: for each row the decoded inputs and the target."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polymodal.core.contracts.target import Target
from polymodal.core.errors import DataError, RecipeError, cell_error
from polymodal.core.lookup import unknown
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia, KeptPack
from polymodal.media.pack import Pack
from polymodal.profile.profile import Profile, profile
from polymodal.tables.reading.numbers import NumberFormat
from polymodal.tables.reading.shapes import is_plain_instead
from polymodal.tables.table import Table


@dataclass(frozen=True)
class Source:
    """One input: its name, the columns it is read from, and how.

    Args:
        name: str, name of the input.
        modality: object of `polymodal.preprocess`, which decodes and encodes its cells.
        columns: list of column names; one, except for tabular inputs.
    """

    name: str
    modality: Any
    columns: Sequence[str]

    def cell(self, table: Table, row: int) -> Any:
        """Returns the cell, `{column: value}` for a tabular input, or None when it is empty."""
        if not self.modality.has_fields:
            return table.cell(row, self.columns[0])
        values = {column: table.cell(row, column) for column in self.columns}
        if all(value is None for value in values.values()):
            return None
        return values


class Samples:
    """Rows of a table as decoded inputs and targets.

    Args:
        table: Table or its Profile.
        sources: list of Source.
        target: Target, or None when nothing is to be predicted.
        target_column: str, or None where the target has `columns` of its own.
        cache: Cache or KeptMedia for decoded media, or None to decode them every time.

    Raises:
        RecipeError: a column that the table lacks.
    """

    def __init__(
        self,
        table: Table | Profile,
        sources: Sequence[Source],
        target: Target | None = None,
        target_column: str | None = None,
        cache: Cache | KeptMedia | None = None,
    ):
        self.facts = profile(table)
        self.table, self.sources, self.cache = self.facts.table, list(sources), cache
        self.target_object, self.target_column = target, target_column
        self._packs: dict[str, tuple[np.ndarray, Pack | KeptPack]] = {}
        self._plain: dict[str, bool] = {}
        self._contents: dict[str, str] = {}
        wanted = [column for source in self.sources for column in source.columns]
        for column in wanted + self.target_columns:
            if column not in self.table.column_names:
                fix = " Add it, with empty cells where rows lack this input." * (column in wanted)
                known = unknown("column", str(column), self.table.column_names)
                raise RecipeError(f"{self.table.name}: {known}{fix}")

    def __len__(self) -> int:
        return len(self.table)

    @property
    def known_target(self) -> Target:
        """The target, of samples that have one."""
        if self.target_object is None:
            raise ValueError("Samples needs a target here. Got None. Give target.")
        return self.target_object

    @property
    def target_columns(self) -> list[str]:
        """The columns that the target is made of."""
        if self.target_object is None:
            return []
        if self.target_column:
            return [self.target_column]
        return list(self.target_object.columns)

    def attach(self, source: Source, slots: np.ndarray, pack: Pack | KeptPack) -> None:
        """Reads the source from a pack from now on; `slots` is the item of each row, or -1."""
        self._packs[source.name] = slots, pack

    def release(self) -> None:
        """Frees decoded media that were held in memory for the check alone."""
        if isinstance(self.cache, KeptMedia):
            self.cache.release()

    def note_content(self, source: Source, slots: np.ndarray, contents: np.ndarray) -> None:
        """Remembers what a source's files hold: `contents` is a hash of each distinct cell."""
        digest = hashlib.blake2b(np.ascontiguousarray(slots).data, digest_size=16)
        digest.update(np.ascontiguousarray(contents).data)
        self._contents[source.name] = digest.hexdigest()

    def fingerprint(self) -> str:
        """Returns a hash of all cells that are used, and of the media that cells point to as far as
        they were decoded: equal names and lengths with other content give another hash."""
        plain = [
            column
            for source in self.sources
            if source.name not in self._contents
            for column in source.columns
        ]
        media = [self._contents.get(source.name) for source in self.sources]
        content = self.table.content([*plain, *self.target_columns])
        return hashlib.sha256(f"{content} {media}".encode()).hexdigest()

    def items(self, source: Source) -> np.ndarray | None:
        """Returns which distinct cell of a source each row has, (rows,) int32, -1 where it is
        empty; None for sources that are not cached."""
        if source.name in self._packs:
            return self._packs[source.name][0]
        return None

    def content_of(self, source: Source) -> str:
        """Returns a hash of a source's cells, and of the media that they point to."""
        known = self._contents.get(source.name)
        return known or self.table.content(list(source.columns))

    def instead(self, index: int, source: Source, slots: np.ndarray, pack: Pack) -> Samples:
        """Returns the same rows with a source in place of one of the same name, read from a pack
        alone."""
        changed = copy.copy(self)
        changed.sources = [*self.sources[:index], source, *self.sources[index + 1 :]]
        changed._packs = {**self._packs, source.name: (slots, pack)}
        return changed

    def with_sources(self, sources: Sequence[Source]) -> Samples:
        """Returns the same rows, decoded alike, with sources that encode them differently.

        Args:
            sources: list of Source, of the same names and columns in the same order.
        """
        changed = copy.copy(self)
        changed.sources = list(sources)
        return changed

    def only(self, name: str) -> Samples:
        """Returns the same rows with one source alone, reading the same packs."""
        chosen = [source for source in self.sources if source.name == name]
        alone = Samples(self.facts, chosen, self.target_object, self.target_column, self.cache)
        alone._packs = {key: pack for key, pack in self._packs.items() if key == name}
        alone._contents = {key: known for key, known in self._contents.items() if key == name}
        return alone

    def decoded(self, row: int) -> dict[str, Any]:
        """Returns `{input name: decoded value, or None when it is missing}`.

        Raises:
            DataError: a cell cannot be decoded; it names table, row and column.
        """
        return {source.name: self.decode(source, row) for source in self.sources}

    def cell(self, source: Source, row: int) -> Any:
        """Returns a cell as it is decoded, or None where it is empty."""
        cell = source.cell(self.table, row)
        formats = getattr(source.modality, "formats", None)
        if formats and cell is not None:
            for column, numbers in formats.items():
                cell[column] = self._plainly(column, numbers, cell[column])
        return cell

    def _plainly(self, column: str, numbers: NumberFormat, cell: Any) -> Any:
        """Returns the number of a cell whose table writes 12.5 although 1.234 was 1234 in train."""
        if numbers.thousands != "." or not isinstance(cell, str):
            return cell
        if column not in self._plain:
            self._plain[column] = is_plain_instead(self.table, column, numbers)
        if self._plain[column]:
            return NumberFormat(missing=numbers.missing).read(cell)
        return cell

    def decode(self, source: Source, row: int) -> Any:
        """Returns one decoded input of a row, or None when its cell is empty."""
        if source.name in self._packs:
            slots, pack = self._packs[source.name]
            if slots[row] < 0:
                return None
            found = pack.get(int(slots[row]))
            if found is not None:
                return found
        try:
            cell = self.cell(source, row)
            if cell is None:
                return None
            return source.modality.decode(cell, self.table.root)
        except Exception as error:  # decoders and parsers raise of every kind
            raise self.located(cell_error(error), row, source) from error

    def target(self, row: int, rng: np.random.Generator | None = None) -> Any:
        """Returns the encoded target of a row, or None when its cell is empty.

        Args:
            row: int.
            rng: Generator that samples one of several reference answers.

        Raises:
            DataError: the cell cannot be a target; it names table, row and column.
        """
        value = self.target_value(row)
        if value is None:
            return None
        try:
            if rng is None:
                return self.known_target.encode(value)
            return self.known_target.encode_several(value, rng)
        except Exception as error:
            raise cell_error(error, **self.table.where(row), column=self.target_column) from error

    def references(self, row: int) -> list[str] | None:
        """Returns the reference texts of a row as they are in the table, or None."""
        value = self.target_value(row)
        if value is None:
            return None
        return self.known_target.references(value)

    def target_value(self, row: int) -> Any:
        """Returns the target's cell as it is in the table, or None where it is empty."""
        if self.target_column is None:
            value = {name: self.table.cell(row, name) for name in self.target_columns}
        else:
            value = self.table.cell(row, self.target_column)
        target = self.target_object
        if target is None:
            return value
        if target.format is not None:
            value = self._plainly(str(self.target_column), target.format, value)
        if value is None or target.is_empty(value):
            return None
        return value

    def located(self, error: DataError, row: int, source: Source) -> DataError:
        """Returns the error with table, row (from 1) and column filled in."""
        column = None
        if len(source.columns) == 1:
            column = source.columns[0]
        return error.at(**self.table.where(row), column=column)
