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
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
