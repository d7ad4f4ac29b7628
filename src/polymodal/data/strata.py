"""Which rows belong together when a table is cut: classes, ranges of numbers, groups."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from polymodal.data.observed import as_number
from polymodal.data.table import Table
from polymodal.data.task_guess import MAX_CLASSES, SEPARATOR, infer_task

NUM_RANGES = 10
NO_STRATUM = -1


def strata_codes(table: Table, target: str | None) -> np.ndarray:
    """Returns (rows,) int, the stratum of each row; -1 where it has none.

    Classes are strata; a row with several labels counts for its rarest; numbers are cut into ten
    ranges of equal counts; texts that do not repeat make none.
    """
    none = np.full(len(table), NO_STRATUM, np.int32)
    if target is None:
        return none
    if len(set(_first(table, target))) < 2:
        return none
    task = infer_task(table, target).task
    if task == "regression":
        return _ranges(table, target, none)
    if task == "seq2seq":
        return none
    return _classes(table, target, none, separated=task == "multilabel")


def group_codes(table: Table, group: str) -> np.ndarray:
    """Returns (rows,) int, the group of each row; rows without one make a group together."""
    codes: dict[Any, int] = {}
    found = (codes.setdefault(_key(value), len(codes)) for value in table.values(group))
    return np.fromiter(found, np.int32, len(table))


def _first(table: Table, target: str) -> list[Any]:
    """Returns values until two differ: a constant or empty column has no strata."""
    found: list[Any] = []
    for value in table.values(target):
        if value is not None and _key(value) not in found:
            found.append(_key(value))
        if len(found) > 1:
            break
    return found


def _key(value: Any) -> Any:
    return str(value) if isinstance(value, list | dict) else value


def _ranges(table: Table, target: str, codes: np.ndarray) -> np.ndarray:
    numbers = np.fromiter((_number(value) for value in table.values(target)), float, len(table))
    known = np.isfinite(numbers)
    edges = np.quantile(numbers[known], np.linspace(0, 1, NUM_RANGES + 1)[1:-1])
    codes[known] = np.searchsorted(edges, numbers[known], side="right")
    return codes


def _number(value: Any) -> float:
    number = as_number(value)
    return float("nan") if number is None else number


def _classes(table: Table, target: str, codes: np.ndarray, separated: bool) -> np.ndarray:
    counts: Counter = Counter()
    for value in table.values(target):
        counts.update(_labels(value, separated))
    if len(counts) > MAX_CLASSES and len(counts) > len(table) / 2:
        return codes
    order = {label: code for code, label in enumerate(counts)}
    for row, value in enumerate(table.values(target)):
        labels = _labels(value, separated)
        if labels:
            codes[row] = order[min(labels, key=lambda label: (counts[label], order[label]))]
    return codes


def _labels(value: Any, separated: bool) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return [_key(item) for item in value if item is not None]
    if separated and isinstance(value, str):
        return [part.strip() for part in value.split(SEPARATOR) if part.strip()]
    return [_key(value)]
