"""Splitting one table into train, val and test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.seeds import generator
from polymodal.profile.profile import Profile, profile
from polymodal.profile.strata import NO_STRATUM, strata_codes
from polymodal.splits.apportion import assign_groups, assign_strata
from polymodal.splits.groups import joined_codes
from polymodal.splits.leaks import leaks
from polymodal.tables.split_names import split_name
from polymodal.tables.table import Table

__all__ = ["FRACTIONS", "METHODS", "leaks", "parts", "split"]

FRACTIONS = {"train": 0.8, "val": 0.1, "test": 0.1}
METHODS = ("stratified", "random", "grouped", "column")
_NAMES = tuple(FRACTIONS)


def split(
    table: Table,
    method: str = "stratified",
    fractions: Mapping[str, float] | Sequence[float] | None = None,
    target: str | None = None,
    group: str | None = None,
    seed: int = 0,
    column: str | None = None,
) -> dict[str, Table]:
    """Returns the parts of a table by name; every row is in exactly one.

    Args:
        table: Table.
        method: str. "stratified" keeps the shares of the target's classes (of ranges, where it is
            a number) alike in all parts; "random" does not; "grouped" never puts two rows with the
            same value of `group` into different parts, and keeps the target's shares as near as
            groups allow; "column" does as the column `column` says.
        fractions: {name: share} or shares of train, val and test; they are scaled to add up to 1.
            Not used by "column". The first part gets every class that is too rare for all.
        target: str, column whose shares are kept, or None.
        group: str, column of "grouped", such as "speaker".
        seed: int; equal seeds give equal parts.
        column: str, column of "column", whose cells say train, val (or valid, dev) or test.

    Raises:
        RecipeError: a method, column or fraction that cannot be used.
        DataError: a part would get no rows, or a cell names no part.

    Example:

    >>> from polymodal.tables.table import read
    >>> table = read({"x": list(range(20)), "y": ["a", "b"] * 10})
    >>> {name: len(part) for name, part in split(table, target="y").items()}
    {'train': 16, 'val': 2, 'test': 2}
    """
    facts = profile(table)
    strata = strata_codes(facts, target)
    found = parts(facts, method, fractions, strata, group, seed, column)
    return {name: part.table for name, part in found.items()}


def parts(
    facts: Profile,
    method: str = "stratified",
    fractions: Mapping[str, float] | Sequence[float] | None = None,
    strata: np.ndarray | None = None,
    group: str | None = None,
    seed: int = 0,
    column: str | None = None,
    also: Sequence[str] = (),
) -> dict[str, Profile]:
    """Returns what `split` does, as profiles of the parts, which share what is known of all.

    Args:
        strata: (rows,) int, the stratum of each row, -1 where it has none; None is -1 for all.
            "stratified" and "grouped" keep their shares.
        also: columns whose equal values are not in different parts of "grouped" either.
    """
    if method not in METHODS:
        raise RecipeError(unknown("split method", method, METHODS))
    for name in (group, column):
        if name is not None and name not in facts.table.column_names:
            known = facts.table.column_names
            raise RecipeError(f"{facts.table.name}: {unknown('column', name, known)}")
    if method == "column":
        return _by_column(facts, column)
    if method == "grouped" and group is None:
        raise RecipeError(
            'The split "grouped" needs the column of groups. Got none. Name it, such '
            'as group="speaker".'
        )
    shares = _shares(fractions)
    if strata is None or method == "random":
        strata = np.full(len(facts), NO_STRATUM, np.int32)
    rng = generator(seed, METHODS.index(method))
    if method == "grouped":
        codes = joined_codes(facts, str(group), also)
        part = assign_groups(codes, strata, list(shares.values()), rng)
    else:
        part = assign_strata(strata, list(shares.values()), rng)
    return _named(facts, part, list(shares), group if method == "grouped" else None)


def _shares(fractions: Mapping[str, float] | Sequence[float] | None) -> dict[str, float]:
    if fractions is None:
        fractions = FRACTIONS
    if not isinstance(fractions, Mapping):
        if len(fractions) not in (2, 3):
            raise RecipeError(
                f"split needs two or three fractions. Got {len(fractions)}. Give "
                "shares of train, val and test, or {name: share}."
            )
        fractions = dict(zip(_NAMES, fractions, strict=False))
    values = list(fractions.values())
    if len(values) < 2 or not all(np.isfinite(v) and v > 0 for v in values):
        raise RecipeError(
            f"split needs at least two fractions above 0. Got {dict(fractions)}. "
            "Leave out parts that should have no rows."
        )
    return {str(name): float(value) / sum(values) for name, value in fractions.items()}


def _named(
    facts: Profile, part: np.ndarray, names: list[str], group: str | None
) -> dict[str, Profile]:
    found = {name: np.flatnonzero(part == i) for i, name in enumerate(names)}
    empty = [name for name, rows in found.items() if not len(rows)]
    if empty:
        if group is None:
            what = f"{len(facts)} rows"
        else:
            what = f'the groups of "{group}"'
        raise DataError(
            f"has too few rows for a part {' and '.join(empty)}: {what} cannot fill "
            f"{len(names)} parts.",
            "Use fewer parts, larger fractions or more rows.",
            path=facts.table.name,
            reason="small_split",
        )
    return {name: facts.part(rows) for name, rows in found.items()}


def _by_column(facts: Profile, column: str | None) -> dict[str, Profile]:
    table = facts.table
    if column is None:
        raise RecipeError(
            'The split "column" needs the column that names the part. Got none. '
            'Name it, such as column="split".'
        )
    rows: dict[str, list[int]] = {}
    for row, value in enumerate(table.values(column)):
        name = None
        if value is not None:
            name = split_name(str(value))
        if name is None:
            raise DataError(
                f"needs train, val or test. Got {value!r}.",
                "Write the part of each row.",
                **table.where(row),
                column=column,
                reason="split_name",
            )
        rows.setdefault(name, []).append(row)
    if "train" not in rows:
        raise DataError(
            "names no row for train.",
            "Write train for some rows.",
            table=table.name,
            column=column,
            reason="small_split",
        )
    return {name: facts.part(np.asarray(rows[name])) for name in _NAMES if name in rows}
