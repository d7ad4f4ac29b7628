"""Labels: one spelling for each value, and which spellings mean the same."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from polymodal.core.errors import DataError

_WHOLE = re.compile(r"([-+]?[0-9]+)\.0+")


def spell(value: Any) -> str:
    """Returns the one spelling of a label: 1, 1.0 and "1" are "1"; True is "true".

    Raises:
        DataError: the value is not a text, number or truth value.
    """
    if isinstance(value, bool | np.bool_):
        if value:
            return "true"
        return "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, str | int | float | np.number):
        return str(value).strip()
    raise DataError(
        f"needs a label. Got {type(value).__name__}.",
        "Give each row one text or number.",
        reason="not_a_label",
    )


def label_key(value: Any, ignore_case: bool = False) -> str:
    """Returns what is equal for all spellings of one label: outer spaces, True and true, 1 and 1.0,
    and the ways to write an accent make no difference.

    Args:
        value: text, number or truth value.
        ignore_case: bool, whether capitals make none either.

    Example:

    >>> label_key(" True"), label_key("3.0"), label_key("US"), label_key("US", ignore_case=True)
    ('true', '3', 'US', 'us')
    """
    return _key(value.strip() if isinstance(value, str) else spell(value), ignore_case)


@lru_cache(maxsize=1 << 16)  # labels repeat
def _key(text: str, ignore_case: bool) -> str:
    text = unicodedata.normalize("NFC", text)
    folded = text.casefold()
    if ignore_case or folded in ("true", "false"):
        return folded
    whole = _WHOLE.fullmatch(text)
    if whole:
        return whole[1]
    return text


def value_key(value: Any) -> Any:
    """Returns what is equal for all spellings of a value of any type, and can be hashed."""
    if isinstance(value, str | bool | float | int):
        return label_key(value)
    if isinstance(value, list | dict):
        return str(value)
    return value


class Spellings:
    """The spellings in which labels are written, gathered one cell after the other.

    Args:
        ignore_case: bool, whether labels that differ only in case are one.
    """

    def __init__(self, ignore_case: bool = False):
        self.ignore_case = ignore_case
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, value: Any, count: int = 1) -> str:
        """Counts a label and returns its key."""
        key = label_key(value, self.ignore_case)
        self._counts[key][value if isinstance(value, str) else spell(value)] += count
        return key

    def labels(self) -> dict[str, str]:
        """Returns {key: the most frequent spelling}, without outer spaces."""
        return {key: self._most(counts) for key, counts in self._counts.items()}

    def count(self, key: str) -> int:
        """Returns how often a label was counted."""
        return self._counts[key].total()

    def written(self) -> set[str]:
        """Returns all spellings, without outer spaces."""
        return {spelling.strip() for counts in self._counts.values() for spelling in counts}

    def merged(self) -> dict[str, list[str]]:
        """Returns {label: its spellings as written} of labels that are written in several ways."""
        return {
            self._most(counts): sorted(counts)
            for counts in self._counts.values()
            if len(counts) > 1
        }

    def alike(self) -> list[list[str]]:
        """Returns the labels that differ only in case, the most frequent first in each list."""
        groups: dict[str, list[str]] = defaultdict(list)
        for key in sorted(self._counts, key=lambda key: -self.count(key)):
            groups[key.casefold()].append(self._most(self._counts[key]))
        return [group for group in groups.values() if len(group) > 1]

    def _most(self, counts: Counter[str]) -> str:
        stripped: Counter[str] = Counter()
        for spelling, count in counts.items():
            stripped[spelling.strip()] += count
        return min(stripped, key=lambda text: (-stripped[text], text))


def spelling_notes(column: str, spellings: Spellings, option: str) -> list[str]:
    """Returns sentences on labels of a column that are written in several ways.

    Args:
        column: str.
        spellings: Spellings.
        option: str, what makes labels that differ only in case one.
    """
    notes = []
    merged = spellings.merged()
    if merged:
        notes.append(
            f'Column "{column}": {_listed(merged.values())} count as one label'
            + (" each." if len(merged) > 1 else ".")
        )
    alike = spellings.alike()
    if alike:
        notes.append(
            f'Column "{column}": {_listed(alike)} differ only in case and count as '
            f"different labels; {option} makes them one."
        )
    return notes


_SHOWN = 3


def _listed(groups: Iterable[list[str]]) -> str:
    shown = [" and ".join(f'"{text}"' for text in group) for group in groups]
    more = [f"{len(shown) - _SHOWN} more"] * (len(shown) > _SHOWN)
    return ", ".join([*shown[:_SHOWN], *more])
