"""Normalisation of texts before they are scored: what counts as the same word.

A word error rate means little without the normalisation it was counted under, so each one has a
name and a version, which are printed next to every score. A version rises when any output changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from polymodal.core.errors import RecipeError
from polymodal.evaluation.texts.characters import unified, without_signs
from polymodal.evaluation.texts.english import english

__all__ = ["NORMALISATIONS", "describe", "normalise", "normaliser"]

_LONELY = re.compile(r"(?<![^\W_])'|'(?![^\W_])")


def none(text: str) -> str:
    """Returns the text as it is, spaces collapsed."""
    return " ".join(text.split())


def basic(text: str) -> str:
    """Returns lower case without punctuation and symbols, for any script.

    Unicode forms that people take for the same (full width, ligatures, split accents) become one.
    Apostrophes inside words stay.
    """
    return without_signs(unified(text), "'", _LONELY)


NORMALISATIONS: dict[str, tuple[Callable[[str], str], int]] = {
    "none": (none, 1),
    "basic": (basic, 1),
    "english": (english, 2),
}


def normaliser(name: str) -> Callable[[str], str]:
    """Returns the function of a normalisation, to be used on both sides.

    Raises:
        RecipeError: no normalisation has that name.
    """
    if name not in NORMALISATIONS:
        raise RecipeError(
            f"Scores of texts need a normalisation, one of {', '.join(NORMALISATIONS)}. Got "
            f'"{name}". Take "english" for English speech, "basic" for any other language.'
        )
    return NORMALISATIONS[name][0]


def normalise(text: str, name: str = "basic") -> str:
    """Returns the text as it is scored.

    Args:
        text: str.
        name: str, "none" (as it is), "basic" (lower case without punctuation, any language) or
            "english" (also contractions, spelling, numbers and fillers).

    Raises:
        RecipeError: no normalisation has that name.

    Example:

    >>> normalise("Don’t stop – it’s 5 o'clock!")
    "don't stop it's 5 o'clock"
    >>> normalise("Um, Mr. Grey doesn't owe twenty-one dollars.", "english")
    'mister gray does not owe $21'
    """
    return normaliser(name)(text)


def describe(name: str) -> str:
    """Returns name and version, to be printed next to every score.

    Example:

    >>> describe("english")
    'english 2'
    """
    normaliser(name)
    return f"{name} {NORMALISATIONS[name][1]}"
