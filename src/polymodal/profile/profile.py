"""One look at a table: each question about its columns is answered once, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from polymodal.media.identity import distinct, renumbered
from polymodal.profile.column_rules import (
    Verdict,
    beside_media,
    is_called_who,
    judge,
    says_who,
)
from polymodal.profile.observed import Observed, evenly
from polymodal.tables.group import group_rows
from polymodal.tables.kinds import MEDIA
from polymodal.tables.reading.reading import Reading
from polymodal.tables.split_names import split_name
from polymodal.tables.table import Table
from polymodal.text.cleaning import clean_text

__all__ = ["Profile", "profile"]

_KEPT_COLUMNS = 256  # whose sampled cells stay in memory; of more columns, verdicts alone stay
_SAMPLED = 64  # cells sampled for sizes, rates and lengths
_READ = 20_000  # texts read for how often their words occur
_MOST_WHO = 50

_Found = TypeVar("_Found")


class Profile:
    """What is known of a table. Each fact is found when it is first asked for, and kept.

    What a column is, is judged on the table as it was given. A part of it, such as the rows that
    are trained on, has the same columns; its counts, cells and repeats are those of its rows.

    Args:
        table: Table.
        readings: {column: Reading}, how columns are to be read, where somebody says so.
    """

    def __init__(self, table: Table, readings: Mapping[str, Reading] | None = None):
        self.table, self.readings = table, dict(readings or {})
        self.whole: Profile = self
        self._rows: np.ndarray | None = None  # of the whole table
        self._answers: dict[Hashable, Any] = {}
        self._observed = lru_cache(_KEPT_COLUMNS)(self._observe)

    def __len__(self) -> int:
        return len(self.table)

    def part(self, rows: np.ndarray) -> Profile:
        """Returns the profile of some rows (from 0): the same columns, their own counts."""
        found = Profile(self.table.select(rows), self.readings)
        found.whole = self.whole
        found._rows = rows if self._rows is None else self._rows[rows]
        return found

    def grouped(self, by: str, order: str | None = None) -> Profile:
        """Returns the profile of the sequences that rows make, whose cells are lists."""
        return self.once(
            ("grouped", by, order),
            lambda: Profile(group_rows(self.table, by, order), self.readings),
        )

    def once(self, question: Hashable, find: Callable[[], _Found]) -> _Found:
        """Returns what `find` returned when the question was first asked of these rows."""
        if question not in self._answers:
            self._answers[question] = find()
        return self._answers[question]

    def each(self, question: Hashable, find: Callable[[Table], np.ndarray]) -> np.ndarray:
        """Returns one value for each row: `find` is asked once, for the whole table."""
        found = self.whole.once(question, lambda: find(self.whole.table))
        if self._rows is None:
            return found
        return found[self._rows]

    def column(self, name: str) -> Observed:
        """Returns a sample of a column's cells, with what is asked about them."""
        return self.whole._observed(name)

    def verdict(self, name: str) -> Verdict:
        """Returns which modality a column is, and why."""
        return self._judged(name)[0]

    def beside_media(self, name: str) -> Verdict:
        """Returns the verdict on a column where others hold pictures, sounds or videos."""
        return self._judged(name)[1]

    def is_media(self, name: str) -> bool:
        """Returns whether a column holds pictures, sounds or videos."""
        return name in self.table.column_names and self.verdict(name).modality in MEDIA

    def sample(self, name: str) -> list[Any]:
        """Returns up to 64 cells, evenly spaced over the rows; empty ones are None."""
        return self.once(
            ("sample", name),
            lambda: [self.table.cell(int(row), name) for row in evenly(len(self), _SAMPLED)],
        )

    def texts(self, name: str) -> Iterator[str]:
        """Yields the cleaned texts of up to 20,000 cells, evenly spaced over the rows."""
        for row in evenly(len(self), _READ):
            cell = self.table.cell(int(row), name)
            for text in cell if isinstance(cell, list) else [cell]:
                if isinstance(text, str):
                    yield clean_text(text)

    def items(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns which distinct cell each row has, in the order of their first rows.

        Returns:
            (rows,) int32, -1 where the cell is empty; and (items,) int32, the first row of each.
        """
        return self.once(("items", name), lambda: self._items(name))

    def split_columns(self, target: str | None = None) -> dict[str, int]:
        """Returns the columns whose cells say which part rows are of, and how many rows each of
        them says nothing of.

        Args:
            target: str, a column that is ignored, or None.

        Example:

        >>> from polymodal.tables.table import read
        >>> profile(read({"x": [1, 2, 3], "part": ["train", None, "dev"]})).split_columns()
        {'part': 1}
        """
        found = {
            name: self.once(("left open", name), lambda name=name: _left_open(self.table, name))
            for name in self.table.column_names
            if name != target
        }
        return {name: rows for name, rows in found.items() if rows is not None}

    def split_column(self, target: str | None = None) -> str | None:
        """Returns the column that says which part each row is of, if there is exactly one.

        Every cell of it names a part; some rows are train and others are not.

        Args:
            target: str, a column that is ignored, or None.

        Example:

        >>> from polymodal.tables.table import read
        >>> profile(read({"x": [1, 2, 3], "part": ["train", "train", "dev"]})).split_column()
        'part'
        """
        found = self.split_columns(target)
        if list(found.values()) == [0]:
            return next(iter(found))
        return None

    def who_columns(self) -> list[str]:
        """Returns the columns that name a speaker, place or the like, with 2 to 50 values.

        Example:

        >>> from polymodal.tables.table import read
        >>> table = read({"speaker": ["Ann", "Bo", "Bo", "Ann"], "said": ["a", "b", "c", "d"]})
        >>> profile(table).who_columns()
        ['speaker']
        """
        return self.once(
            "who",
            lambda: [
                name
                for name in filter(is_called_who, self.table.column_names)
                if 2
                <= len({str(value) for value in self.table.values(name) if value is not None})
                <= _MOST_WHO
                and self._judged(name)[2]
            ],
        )

    def forget_cells(self) -> None:
        """Frees the sampled cells of columns. What was found out about them is kept."""
        self.whole._observed.cache_clear()

    def _judged(self, name: str) -> tuple[Verdict, Verdict, bool]:
        return self.whole.once(("judged", name), lambda: _judge(self.column(name)))

    def _observe(self, name: str) -> Observed:
        return Observed(self.table, name, self.readings.get(name))

    def _items(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        if self._rows is None:
            return distinct(self.table.values(name), len(self))
        slots, _ = self.whole.items(name)
        return renumbered(slots[self._rows])


def profile(source: Table | Profile, readings: Mapping[str, Reading] | None = None) -> Profile:
    """Returns the profile of a table, or a profile as it is.

    Args:
        source: Table or Profile.
        readings: {column: Reading}, how columns are to be read, where somebody says so.

    Example:

    >>> from polymodal.tables.table import read
    >>> found = profile(read({"note": ["the cat sat down", "a dog ran away"], "age": [3, 5]}))
    >>> {name: found.verdict(name).modality for name in found.table.column_names}
    {'note': 'text', 'age': 'tabular'}
    """
    if isinstance(source, Profile):
        return source
    return Profile(source, readings)


def _judge(column: Observed) -> tuple[Verdict, Verdict, bool]:
    """Returns the verdict on a column, that beside media, and whether it says who or where."""
    verdict = judge(column)
    return verdict, beside_media(column, verdict), says_who(column, verdict)


def _left_open(table: Table, column: str) -> int | None:
    """Returns the number of empty cells of a column that names parts, None for any other."""
    names: set[str] = set()
    empty = 0
    for value in table.values(column):
        name = None
        if isinstance(value, str):
            name = split_name(value)
        if name is not None:
            names.add(name)
        elif value is None:
            empty += 1
        else:
            return None
    if "train" in names and len(names) > 1:
        return empty
    return None
