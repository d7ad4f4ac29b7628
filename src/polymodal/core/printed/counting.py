"""Numbers with their words, as a person writes them."""

from __future__ import annotations

_SINGULAR = {"are": "is", "have": "has", "do": "does", "were": "was"}


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


def agreeing(number: int, said: str) -> str:
    """Returns what is said of several things as it is said of `number` of them.

    Args:
        number: int.
        said: str, words that begin with a verb in the plural.

    Example:

    >>> agreeing(1, "are silent"), agreeing(1, "hold nothing"), agreeing(2, "are silent")
    ('is silent', 'holds nothing', 'are silent')
    """
    verb, space, rest = said.partition(" ")
    if number == 1:
        verb = _SINGULAR.get(verb, f"{verb}s")
    return f"{verb}{space}{rest}"
