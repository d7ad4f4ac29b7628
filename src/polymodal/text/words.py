"""Splitting of text into words, also in scripts that are written without spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["is_unspaced", "join_words", "replace_words", "split_words"]

# Han, kana, Thai, Lao, Khmer and Myanmar are written without spaces: each character is a word, with
# the marks that belong to it.
_UNSPACED = (
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6"
    "\u1000-\u102a\u1780-\u17b3"
)
_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b6-\u17d3"
)
# Vowel signs and accents are part of a word, though `\w` leaves them out; so are the joiners.
_LETTER = (
    "\\w\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0966-\u0dff\u0f71-\u0f84\u200c\u200d"
)
_SPACED = rf"(?:(?![{_UNSPACED}])[{_LETTER}])+"
# An apostrophe inside a word belongs to it: isn't.
PATTERN = rf"[{_UNSPACED}][{_MARKS}]*|{_SPACED}(?:['’]{_SPACED})*|[^\w\s]"
_WORDS = re.compile(PATTERN)
_IS_UNSPACED = re.compile(f"[{_UNSPACED}{_MARKS}]")
_CLOSES = re.compile(r"[,.;:!?%)\]}…，。！？、；：）】」』]+")
_OPENS = "([{（【「『"
_WIDE = "，。！？、；：）】」』"  # bring their own space


def split_words(text: str) -> list[str]:
    """Returns words, single characters of unspaced scripts, and single punctuation marks.

    Example:

    >>> split_words("two cats, isn't it? 两只猫")
    ['two', 'cats', ',', "isn't", 'it', '?', '两', '只', '猫']
    """
    return _WORDS.findall(text)


def replace_words(text: str, hidden: list[bool], replacement: str) -> str:
    """Returns `text` with the words that `hidden` marks replaced, in the order of split_words."""
    marks = iter(hidden)
    return _WORDS.sub(lambda match: replacement if next(marks) else match.group(), text)


def is_unspaced(text: str) -> bool:
    """Returns whether a text starts with a character of a script that is written without spaces.

    Example:

    >>> is_unspaced("猫"), is_unspaced("แมว"), is_unspaced("고양이"), is_unspaced("cat")
    (True, True, False, False)
    """
    return bool(_IS_UNSPACED.match(text))


def join_words(words: Iterable[str]) -> str:
    """Returns words as a text, with spaces only where people write them.

    No space comes before what is nothing but closing punctuation, after opening or full width
    punctuation, and between characters of scripts without spaces.

    Args:
        words: iterable of str: words and punctuation marks as `split_words` gives them, or words
            with their marks.

    Example:

    >>> join_words(["two", "cats", ",", "isn't", "it", "?"]), join_words(["两", "只", "猫", "。"])
    ("two cats, isn't it?", '两只猫。')
    """
    text = ""
    for word in words:
        glued = (
            not text
            or _CLOSES.fullmatch(word)
            or text[-1] in _OPENS + _WIDE
            or (is_unspaced(word) and is_unspaced(text[-1]))
        )
        text += word if glued else f" {word}"
    return text
