"""Tables of rows without a target, which join those of train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import say
from polymodal.evaluation.words import listed
from polymodal.media.media_cell import with_root
from polymodal.profile.profile import Profile, profile
from polymodal.tables.joined import Joined
from polymodal.tables.reading.labels import value_key
from polymodal.tables.table import Table, read
from polymodal.training.preparing.unlabelled import uses_unlabelled

__all__ = ["Added", "added_to", "is_unlabelled", "read_unlabelled"]

UNLABELLED = "unlabelled"
_FIX = "Add --set objectives.masked.weight=1, or leave --unlabelled out."


def read_unlabelled(source: Any, media_root: str | Path | None = None) -> dict[str, Table]:
    """Returns tables of rows without a target by name, next to those of the splits.

    Args:
        source: what `polymodal.read` takes, a list of such, or None for no table.
        media_root: folder that relative media paths start from, or None.

    Example:

    >>> list(read_unlabelled([{"x": [1]}, {"x": [2]}]))
    ['unlabelled']
    >>> list(read_unlabelled([read({"x": [1]}), read({"x": [2]})]))
    ['unlabelled', 'unlabelled 2']
    """
    if source is None:
        return {}
    several = isinstance(source, list | tuple) and not any(
        isinstance(one, Mapping) for one in source
    )
    tables = list(source) if several else [source]
    names = [UNLABELLED, *(f"{UNLABELLED} {place + 2}" for place in range(len(tables)))]
    return {
        name: read(one, media_root=media_root) for name, one in zip(names, tables, strict=False)
    }


def is_unlabelled(name: str) -> bool:
    """Returns whether a table of a run holds rows without a target, by its name."""
    return name.split()[0] == UNLABELLED


class Added:
    """Rows of further tables, behind those of train.

    Args:
        whole: Profile of all rows.
        num_own: int, rows of the table that is trained on.
        tables: list of Table, the added ones.
    """

    def __init__(self, whole: Profile, num_own: int, tables: Sequence[Table]):
        self._whole, self._num_own, self._tables = whole, num_own, tables
        self.own = whole.part(np.arange(num_own))

    def behind(
        self, facts: Mapping[str, Profile], held_out: Sequence[str], group: str | None
    ) -> dict[str, Profile]:
        """Returns the profile of each split with the added rows in train, and prints how many.

        Args:
            facts: {split: Profile}, of which train is a part of `own`.
            held_out: names of the splits that were held out of it.
            group: str, column whose equal values are on one side of the split, or None.
        """
        rows = np.arange(self._num_own, len(self._whole))
        if group is not None:
            rows = rows[~self._scored(facts, held_out, group, rows)]
        ids = np.asarray(facts["train"].table.row_ids)
        names = listed([table.name for table in self._tables])
        say(
            f"{counted(len(rows), 'row')} of {names}, without a target, are added to the "
            f"{len(ids):,} of train."
        )
        left = len(self._whole) - self._num_own - len(rows)
        if left:
            say(
                f"{counted(left, 'row')} of {names} are not used, because rows with the same "
                f'"{group}" are held out.'
            )
        return {**facts, "train": self._whole.part(np.concatenate([ids, rows]))}

    def check(self, inputs: Mapping[str, Sequence[str]]) -> None:
        """Raises RecipeError where an added table lacks a column of an input.

        Args:
            inputs: {input: its columns}.
        """
        for table in self._tables:
            missing = [
                column
                for columns in inputs.values()
                for column in columns
                if column not in table.column_names
            ]
            if missing:
                raise RecipeError(
                    f"{table.name} needs the columns of all inputs. Got no "
                    f"{listed(missing)}. Add it, with empty cells where rows lack this input."
                )

    def _scored(
        self, facts: Mapping[str, Profile], held_out: Sequence[str], group: str, rows: np.ndarray
    ) -> np.ndarray:
        """Returns (rows,) bool, whether a row has a value of the group that is scored."""
        scored = {
            value_key(value)
            for name in held_out
            for value in facts[name].table.values(group)
            if value is not None
        }
        cells = self._whole.table.select(rows).values(group)
        return np.fromiter(
            (value is not None and value_key(value) in scored for value in cells), bool, len(rows)
        )


def added_to(train: Profile, tables: Sequence[Table], given: Mapping[str, Any]) -> Added:
    """Returns the rows of train with those of further tables behind them.

    Args:
        train: Profile of the table that is trained on.
        tables: list of Table, without the target.
        given: settings of the recipe.

    Raises:
        RecipeError: nothing in the recipe learns from such rows.
        DataError: a table has targets, or other kinds of values.
    """
    if not uses_unlabelled(given):
        raise RecipeError(
            "--unlabelled needs a setting that learns from rows without a target: "
            "objectives.contrastive, objectives.masked or training.pseudo_labels. "
            f"Got none. {_FIX}"
        )
    if not given.get("target"):
        raise RecipeError(
            "--unlabelled needs a task with a target, which its rows lack. Got none. Put its rows "
            "into the table of --data."
        )
    if given.get("group"):
        raise RecipeError(
            "--unlabelled needs a recipe whose rows stand alone. Got group: "
            f"{given['group']}. Put such rows into the table of --data."
        )
    tables = _told_apart(train.table, tables)
    for table in tables:
        _check_no_target(table, given.get("target") or "")
        _check_kinds(table, train.table)
    media = frozenset(name for name in train.table.column_names if train.is_media(name))
    numbers_as_texts = frozenset(
        name for name in train.table.column_names if _kind(train.table, name) == "texts"
    )
    whole = Joined([train.table, *tables], Reread(media, numbers_as_texts))
    return Added(profile(whole, train.readings), len(train), tables)


class Reread:
    """Gives cells of an added table the form of those of train: paths from its own folder, and
    texts where train has texts.

    Args:
        media: names of columns with media.
        texts: names of columns with texts.
    """

    def __init__(self, media: frozenset[str], texts: frozenset[str]):
        self._media, self._texts = media, texts

    def __call__(self, column: str, cell: Any, table: Table) -> Any:
        """Returns a cell of a table as it is to be read."""
        if column in self._media:
            return with_root(cell, table.root)
        if column in self._texts and isinstance(cell, int | float):
            return str(cell)
        return cell


def _told_apart(train: Table, tables: Sequence[Table]) -> list[Table]:
    """Returns the tables, each with a name of its own."""
    known, found = {train.name}, []
    for table in tables:
        one = table.select(np.arange(len(table)))
        if one.name in known:
            one.name = table.source or f"{UNLABELLED} {one.name}"
        if one.name in known:
            one.name = f"{one.name} ({len(known) + 1})"
        known.add(one.name)
        found.append(one)
    return found


def _check_no_target(table: Table, target: str) -> None:
    if target not in table.column_names:
        return
    known = [row for row, value in enumerate(table.values(target)) if value is not None]
    if known:
        raise DataError(
            f"has a target in {counted(len(known), 'row')}, but was given with --unlabelled.",
            "Put rows with a target into the table of --data, or take the column out.",
            table=table.name,
            row=table.row_number(known[0]),
            column=target,
            reason="has_target",
        )


def _check_kinds(table: Table, train: Table) -> None:
    for column in train.column_names:
        if column not in table.column_names:
            continue
        own, found = _kind(train, column), _kind(table, column)
        if own == "numbers" and found == "texts":
            raise DataError(
                f"holds {found}, where {train.name} holds {own}.",
                "Write both tables in one format, such as CSV.",
                table=table.name,
                column=column,
                reason="other_kind",
            )


def _kind(table: Table, column: str) -> str | None:
    """Returns what a column holds by its type: "texts", "numbers", or None for others."""
    kind = next((piece.type for piece in table.pieces(column)), pa.null())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "texts"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return "numbers"
    return None
