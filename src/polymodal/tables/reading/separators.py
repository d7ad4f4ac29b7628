"""Which separator a column uses for several labels per cell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from polymodal.tables.reading.free_text import num_words

SEPARATOR = "|"
_MARKS = (SEPARATOR, ";", ",", "/", "+")
_PLAIN = (SEPARATOR, ";")  # marks that are rarely inside a label
_SEVERAL_SHARE = 0.02  # of the cells hold several labels
_OTHERWISE_SHARE = 0.5  # of the labels that recur do so in other combinations
_MOST_WORDS = 3  # of an average label
_FEW = 20  # cells of which labels need not repeat


def find_separator(cells: Sequence[str]) -> str | None:
    """Returns the separator between labels, if the labels it makes recur in other combinations.

    "Paris, France" and "Lyon, France" are one label each: the towns never recur in another
    combination, and the parts always keep their order.

    Args:
        cells: texts of a column.

    Example:

    >>> find_separator(["red;round", "red", "blue;round", "blue;square;red"])
    ';'
    >>> find_separator(["Paris, France", "Lyon, France", "Bonn, Germany", "Jena, Germany"]) is None
    True
    """
    return next((mark for mark in _MARKS if _separates(mark, cells)), None)


def split_labels(cell: str, separator: str) -> list[str]:
    """Returns the labels of a cell, without outer spaces and without empty ones."""
    return [part for part in map(str.strip, cell.split(separator)) if part]


def _separates(mark: str, cells: Sequence[str]) -> bool:
    several = sum(mark in cell for cell in cells)
    if several < max(_SEVERAL_SHARE * len(cells), 1 if mark == SEPARATOR else 2):
        return False
    rows = [split_labels(cell, mark) for cell in cells]
    counts = Counter(part for row in rows for part in row)
    if 2 * len(counts) > counts.total() and len(cells) >= _FEW:
        return False
    if mark == SEPARATOR:
        return True
    if sum(map(num_words, counts)) > _MOST_WORDS * len(counts):
        return False
    return _in_other_company(rows, counts) and (mark in _PLAIN or _keeps_no_place(rows))


def _in_other_company(rows: list[list[str]], counts: Counter[str]) -> bool:
    company = defaultdict(set)
    for row in rows:
        for part in row:
            company[part].add(frozenset(row))
    recurring = [part for part, count in counts.items() if count > 1]
    otherwise = sum(len(company[part]) > 1 for part in recurring)
    return otherwise > 0 and otherwise >= _OTHERWISE_SHARE * len(recurring)


def _keeps_no_place(rows: list[list[str]]) -> bool:
    """Returns whether cells differ in how many parts they have, or a part changes its place."""
    places = {(part, place) for row in rows for place, part in enumerate(row)}
    return len({len(row) for row in rows}) > 1 or len({part for part, _ in places}) < len(places)
