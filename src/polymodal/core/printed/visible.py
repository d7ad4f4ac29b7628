"""Text that a terminal shows as it is: what would move the cursor or turn text round is spelled."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

# Control characters (C0 without tab and line feed, delete, C1), line and paragraph separators, what
# overrides the direction of text, and halves of surrogate pairs, which no encoding can write.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BRIEF = 80  # characters
_BREAKS = re.compile("[\t\n]")


def visible(text: Any) -> str:
    r"""Returns a text with every character that a terminal would obey written as `\x1b`.

    Line feeds and tabs stay: messages have several lines.

    Example:

    >>> print(visible("red \x1b[31m"))
    red \x1b[31m
    """
    return _HIDDEN.sub(_spelled, str(text))


def one_line(text: Any) -> str:
    r"""Returns `visible(text)` with line feeds and tabs written as `\n` and `\t`, for names."""
    return _BREAKS.sub(_spelled, visible(text))


def width(text: str) -> int:
    """Returns how many cells of a terminal a text takes: Chinese characters take two.

    Example:

    >>> width("ab"), width("温度")
    (2, 4)
    """
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
        if not unicodedata.combining(letter)
    )


def brief(text: Any) -> str:
    """Returns a text of at most 80 characters; of a longer one the start and three dots.

    Example:

    >>> brief("short"), len(brief("x" * 100))
    ('short', 80)
    """
    text = str(text)
    if len(text) <= _BRIEF:
        return text
    return f"{text[: _BRIEF - 3]}..."


def to_json(value: Any, **options: Any) -> str:
    r"""Returns JSON that a terminal can show: equal in meaning, such characters as `\u202e`.

    Args:
        value: what `json.dumps` takes.
        options: of `json.dumps`.
    """
    text = json.dumps(value, ensure_ascii=False, **options)
    # Outside strings JSON holds no such character, and `dumps` itself escapes the first 32.
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _spelled(found: re.Match[str]) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(found[0]) or _code(ord(found[0]))


def _code(number: int) -> str:
    if number < 256:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}"
