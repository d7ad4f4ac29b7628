"""Strata of a table: rows of one class, or of one range of numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import unknown
from polymodal.profile.profile import Profile, profile
from polymodal.profile.target_form import (
    AMOUNTS,
    LABEL_SETS,
    MAX_CLASSES,
    TEXTS,
    target_form,
)
from polymodal.tables.reading.labels import value_key
from polymodal.tables.reading.lists import parse_list
from polymodal.tables.reading.numbers import NumberFormat
from polymodal.tables.reading.separators import SEPARATOR, split_labels
from polymodal.tables.table import Table

NUM_RANGES = 10
NO_STRATUM = -1


def strata_codes(source: Table | Profile, target: str | None) -> np.ndarray:
    """Returns (rows,) int, the stratum of each row; -1 where it has none.

    Classes are strata; a row with several labels counts for its rarest; numbers are cut into ten
    ranges of equal counts; texts that do not repeat make none.

    Raises:
        RecipeError: the table has no column `target`.
    """
    facts, table = profile(source), profile(source).table
    if target is not None and target not in table.column_names:
        raise RecipeError(f"{table.name}: {unknown('column', target, table.column_names)}")
    if target in facts.readings:  # strata are those of a run that was told nothing
        facts = Profile(table)
    none = np.full(len(table), NO_STRATUM, np.int32)
    if target is None:
        return none
    if len(set(_first(table, target))) < 2:
        return none
    try:
        form = target_form(facts, target)
    except DataError:  # how to read it is not known yet; the recipe may say so
        return none
    if form.kind == AMOUNTS:
        return _ranges(facts, table, target, none)
    if form.kind == TEXTS:
        return none
    several = form.kind == LABEL_SETS
    return _classes(table, target, none, (form.separator or SEPARATOR) if several else None)


def _first(table: Table, target: str) -> list[Any]:
    """Returns values until two differ: a constant or empty column has no strata."""
    found: list[Any] = []
    for value in table.values(target):
        if value is not None and value_key(value) not in found:
            found.append(value_key(value))
        if len(found) > 1:
            break
    return found


def _ranges(facts: Profile, table: Table, target: str, codes: np.ndarray) -> np.ndarray:
    found = facts.column(target).guess
    formats = found.reading.numbers if found else NumberFormat()
    numbers = np.fromiter(
        (_number(formats, value) for value in table.values(target)), float, len(table)
    )
    known = np.isfinite(numbers)
    edges = np.quantile(numbers[known], np.linspace(0, 1, NUM_RANGES + 1)[1:-1])
    codes[known] = np.searchsorted(edges, numbers[known], side="right")
    return codes


def _number(formats: NumberFormat, value: Any) -> float:
    try:
        number = formats.read(value)
    except ValueError:
        number = None
    if number is None:
        return float("nan")
    return number


def _classes(table: Table, target: str, codes: np.ndarray, separator: str | None) -> np.ndarray:
    counts: Counter = Counter()
    for value in table.values(target):
        counts.update(_labels(value, separator))
    if len(counts) > MAX_CLASSES and len(counts) > len(table) / 2:
        return codes
    order = {label: code for code, label in enumerate(counts)}
    for row, value in enumerate(table.values(target)):
        labels = _labels(value, separator)
        if labels:
            codes[row] = order[min(labels, key=lambda label: (counts[label], order[label]))]
    return codes


def _labels(value: Any, separator: str | None) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return [value_key(item) for item in value if item is not None]
    if separator and isinstance(value, str):
        listed = parse_list(value)
        parts = split_labels(value, separator) if listed is None else listed
        return [value_key(part) for part in parts if part is not None]
    return [value_key(value)]
