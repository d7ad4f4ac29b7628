"""Numbers with their words, as a person writes them."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """Returns a number with its word in the singular or the plural.

    Args:
        number: int.
        word: str, in the singular, whose plural ends with "s".

    Example:

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    if number == 1:
        return f"{number:,} {word}"
    return f"{number:,} {word}s"
