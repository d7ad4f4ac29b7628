"""Characters that count as the same, and those that belong to no word."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["unified", "without_signs"]

_APOSTROPHES = re.compile("[’‘ʼ‛`´＇]")


def unified(text: str) -> str:
    """Returns lower case in one Unicode form: full width, ligatures, split accents, apostrophes."""
    text = _APOSTROPHES.sub("'", text)
    if text.isascii():
        return text.lower()
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def without_signs(text: str, kept: str, lonely: re.Pattern[str]) -> str:
    """Returns the text with punctuation and symbols as single spaces.

    Args:
        text: str.
        kept: str, signs that may stay.
        lonely: pattern of kept signs that mean nothing where they are.
    """
    text = "".join(
        char
        if char.isalnum() or char in kept or unicodedata.category(char)[0] not in "PSZC"
        else " "
        for char in text
    )
    return " ".join(lonely.sub(" ", text).split())
