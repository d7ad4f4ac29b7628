"""English as published word error rates count it: Whisper's normaliser."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

__all__ = ["english"]

_APOSTROPHES = re.compile("[’‘ʼ‛`´＇]")


def english(text: str) -> str:
    """Returns an English text in the form that published word error rates are counted in.

    Remarks in brackets and fillers (uh, um) go; contractions and titles are written out; British
    spelling becomes American; number words become digits. Typographic apostrophes become plain
    ones first, so that a contraction is recognised in either.

    Args:
        text: str.

    Example:

    >>> english("We've analysed the twenty-first colour [laughs]; it's 3.5 million pounds.")
    'we have analyzed the 21st color it is £3500000'

    Source: Radford et al. 2022, Robust Speech Recognition via Large-Scale Weak Supervision,
    appendix C, as the package whisper-normalizer has it.
    """
    return _published()(_APOSTROPHES.sub("'", text)).strip()


@cache
def _published() -> Callable[[str], str]:
    from whisper_normalizer.english import EnglishTextNormalizer  # a tenth of a second

    return EnglishTextNormalizer()
