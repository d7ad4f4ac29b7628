"""A small English stemmer: forms of one word get one stem."""

from __future__ import annotations

import re
from functools import cache

__all__ = ["stem"]

_VOWEL = re.compile("[aeiouy]")
_DOUBLE = re.compile(r"([bdfgmnprt])\1$")


@cache
def stem(word: str) -> str:
    """Returns the word without its plural, -ed, -ing or -ly; other languages stay as they are.

    Example:

    >>> [stem(word) for word in ("dogs", "running", "baked", "baking", "babies", "quickly", "sing")]
    ['dog', 'run', 'bak', 'bak', 'babi', 'quick', 'sing']

    Source: the first steps of Porter 1980, An Algorithm for Suffix Stripping, made smaller: what is
    left keeps no final e, so that baked, baking and bake meet.
    """
    if not (word.isascii() and word.isalpha()) or len(word) < 4:
        return word
    word = _singular(word)
    for ending in ("ingly", "edly", "ing", "ed", "ly"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 1 and _VOWEL.search(rest):
            word = _DOUBLE.sub(r"\1", rest)
            break
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    consonant_y = len(word) > 3 and word[-1] == "y" and word[-2] not in "aeiou"
    return f"{word[:-1]}i" if consonant_y else word


def _singular(word: str) -> str:
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
