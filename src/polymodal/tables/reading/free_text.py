"""Telling free text from labels and codes, in scripts with and without spaces."""

from __future__ import annotations

import re

# Scripts that put no spaces between words: Chinese, Japanese, Thai, Lao, Burmese, Khmer, Tibetan.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)
_CHARACTERS_PER_WORD = 2  # a Chinese word has two characters, as a rule
_CODE = re.compile(r"\S*(?:\d|_|[a-z][A-Z])\S*")


def num_words(text: str) -> float:
    """Returns about how many words a text has, also without spaces between them.

    Example:

    >>> num_words("is there a circle?"), num_words("左边有红色的圆"), num_words("北京")
    (4.0, 3.5, 1.0)
    """
    unspaced = len(_UNSPACED.findall(text))
    if unspaced:
        spaced = len(_UNSPACED.sub(" ", text).split())
    else:
        spaced = len(text.split())
    return spaced + unspaced / _CHARACTERS_PER_WORD


def is_code(text: str) -> bool:
    """Returns True for what looks like a code: one ASCII word with digits, `_` or inner capitals.

    Example:

    >>> is_code("1DmNV9C1hbY"), is_code("user_17"), is_code("jackson"), is_code("有3个圆")
    (True, True, False, False)
    """
    return text.isascii() and _CODE.fullmatch(text) is not None
