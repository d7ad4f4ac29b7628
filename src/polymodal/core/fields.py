"""Reads the fields of a JSON file one by one, each with its type and its bounds.

A file of a bundle may come from anywhere. What is wrong with it is said with the field's name, and
before anything is made from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError

MOST_TEXTS = 2_000_000
_LARGEST = 3.4e38  # of float32, which models count in; NaN is not below it either
_AGAIN = "Take the bundle from its source again."


class Fields:
    """The fields of a mapping that JSON gave.

    Args:
        values: what the file holds.

    Example:

    >>> Fields({"size": 28}).whole("size", 1, 4096)
    28

    Raises:
        BundleError: `values` is not a mapping; each method, where a field is absent or another.
    """

    def __init__(self, values: Any):
        if not isinstance(values, Mapping):
            raise BundleError(f"needs a mapping. Got {shown(values)}. {_AGAIN}")
        self._values = values

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Returns a field that holds fields."""
        value = self._get(key)
        if isinstance(value, Mapping):
            return value
        return self._refuse(key, "a mapping", value)

    def text(self, key: str) -> str:
        """Returns a text."""
        value = self._get(key)
        if isinstance(value, str):
            return value
        return self._refuse(key, "a text", value)

    def text_or_none(self, key: str) -> str | None:
        """Returns a text, or None where it is null."""
        if self._get(key) is None:
            return None
        return self.text(key)

    def flag(self, key: str) -> bool:
        """Returns true or false."""
        value = self._get(key)
        if isinstance(value, bool):
            return value
        return self._refuse(key, "true or false", value)

    def whole(self, key: str, low: int, high: int) -> int:
        """Returns a whole number from `low` to `high`."""
        value = self._get(key)
        if type(value) is not int or not low <= value <= high:
            self._refuse(key, f"a whole number from {low:,} to {high:,}", value)
        return value

    def whole_or_none(self, key: str, low: int, high: int) -> int | None:
        """Returns a whole number, or None where it is null."""
        if self._get(key) is None:
            return None
        return self.whole(key, low, high)

    def number(self, key: str, above: float = -math.inf) -> float:
        """Returns a finite number larger than `above`."""
        value = self._get(key)
        if not _is_number(value) or not float(value) > above:
            self._refuse(key, f"a finite number{_above(above)}", value)
        return float(value)

    def numbers(self, key: str, length: int | None = None, above: float = -math.inf) -> list[float]:
        """Returns a list of finite numbers larger than `above`, of a length where one is given."""
        found = self._list(key)
        if not all(_is_number(value) and float(value) > above for value in found):
            self._refuse(key, f"finite numbers{_above(above)}", found)
        if length is not None and len(found) != length:
            self._refuse(key, f"{length:,} numbers", found)
        return [float(value) for value in found]

    def number_lists(self, key: str, length: int) -> list[list[float]]:
        """Returns a list of lists of finite numbers, `length` of them."""
        found = self._list(key)
        if len(found) != length:
            self._refuse(key, f"{length:,} lists of numbers", found)
        return [Fields({key: one}).numbers(key) for one in found]

    def texts(self, key: str, distinct: bool = True) -> list[str]:
        """Returns a list of texts, each once."""
        found = self._list(key)
        if not all(isinstance(value, str) for value in found):
            self._refuse(key, "a list of texts", found)
        if distinct and len(set(found)) < len(found):
            self._refuse(key, "texts that differ", found)
        return found

    def plain(self, key: str) -> list[str | float | int]:
        """Returns a list of texts and finite numbers."""
        found = self._list(key)
        if not all(isinstance(value, str) or _is_number(value) for value in found):
            self._refuse(key, "texts and finite numbers", found)
        return found

    def one_of(self, key: str, known: Sequence[str]) -> str:
        """Returns a text that is among known ones."""
        value = self._get(key)
        if not isinstance(value, str) or value not in known:
            self._refuse(key, f"one of {', '.join(map(repr, known))}", value)
        return value

    def texts_or_none(self, key: str) -> list[str] | None:
        """Returns a list of texts, or None where it is null."""
        if self._get(key) is None:
            return None
        return self.texts(key)

    def items(self, key: str) -> list[Fields]:
        """Returns a list of mappings, each as fields."""
        return [Fields(value) for value in self._list(key)]

    def _list(self, key: str) -> list[Any]:
        value = self._get(key)
        if not isinstance(value, list) or len(value) > MOST_TEXTS:
            self._refuse(key, f"a list of at most {MOST_TEXTS:,} values", value)
        return value

    def _get(self, key: str) -> Any:
        if key not in self._values:
            raise BundleError(f'needs "{key}". Got {_few(list(self._values))}. {_AGAIN}')
        return self._values[key]

    def _refuse(self, key: str, expected: str, value: Any) -> Any:
        if isinstance(value, list):
            found = f"{len(value):,} values: {shown(value)}"
        else:
            found = shown(value)
        raise BundleError(f'needs "{key}" to be {expected}. Got {found}. {_AGAIN}')


def _above(low: float) -> str:
    if low > -math.inf:
        return f" above {low:g}"
    return ""


def _is_number(value: Any) -> bool:
    if type(value) not in (int, float):
        return False
    try:
        return abs(float(value)) <= _LARGEST
    except OverflowError:
        return False


def _few(keys: Sequence[Any]) -> str:
    return ", ".join(map(str, keys[:8])) or "nothing"
