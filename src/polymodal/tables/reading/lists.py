"""Texts that spell a list, in JSON or as Python and NumPy print one."""

from __future__ import annotations

import re
from typing import Any

from polymodal.tables.json_text import parse_json

_LONGEST = 1 << 20  # characters of a cell that is tried
_PAIRS = {"[": "]", "(": ")", "{": "}"}
_ITEM = re.compile(
    r"""\s*(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)")"""
    r"""(?P<between>\s*,\s*|\s+(?=['"])|\s*$)""",
    re.S,
)
_ESCAPED = re.compile(r"\\(.)", re.S)


def parse_list(cell: Any) -> list | None:
    """Returns the list that a text spells, else None.

    Args:
        cell: text: a list in JSON, or texts in quotes as Python prints a list, tuple or set, and
            NumPy an array.

    Example:

    >>> parse_list("['red', 'square']"), parse_list('["a", 1]'), parse_list("red, round")
    (['red', 'square'], ['a', 1], None)
    """
    if not isinstance(cell, str) or len(cell) > _LONGEST:
        return None
    text = cell.strip()
    if len(text) < 2 or _PAIRS.get(text[0]) != text[-1]:
        return None
    if text[0] == "[":
        try:
            return parse_json(text)
        except ValueError:
            pass
    return _quoted(text[1:-1])


def _quoted(text: str) -> list[str] | None:
    items, at = [], 0
    while at < len(text):
        found = _ITEM.match(text, at)
        if found is None:
            return None
        if found["single"] is None:
            item = found["double"]
        else:
            item = found["single"]
        items.append(_ESCAPED.sub(r"\1", item))
        at = found.end()
    return items or None
