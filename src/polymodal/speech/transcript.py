"""What was said and when: tokens in frames, words and segments in seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Segment", "TokenSpan", "Word", "is_unspaced", "join_words"]

# Scripts whose words are written without spaces: kana and Han.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_IS_UNSPACED = re.compile(f"[{_UNSPACED}，。！？、；：]")


@dataclass(frozen=True)
class TokenSpan:
    """A token and the frames it was heard in.

    Args:
        id: int, the symbol.
        start_frame: int, its first frame.
        end_frame: int, the frame after its last.
        confidence: float, mean probability of the symbol over these frames, 0 to 1.
    """

    id: int
    start_frame: int
    end_frame: int
    confidence: float


@dataclass(frozen=True)
class Word:
    """A word and when it was said.

    Args:
        text: str, without spaces around it.
        start_seconds: float, from the start of the recording.
        end_seconds: float, not before `start_seconds`.
        confidence: float, 0 to 1.
    """

    text: str
    start_seconds: float
    end_seconds: float
    confidence: float = 1.0


@dataclass(frozen=True)
class Segment:
    """A stretch of speech as it is shown at once.

    Args:
        text: str, its lines, separated by line feeds.
        start_seconds: float, when it appears.
        end_seconds: float, when it goes.
        words: tuple of Word, empty where only the text is known.
    """

    text: str
    start_seconds: float
    end_seconds: float
    words: tuple[Word, ...] = ()


def is_unspaced(text: str) -> bool:
    """Returns whether a text starts with a character that is written without spaces around it."""
    return bool(_IS_UNSPACED.match(text))


def join_words(texts: Iterable[str]) -> str:
    """Returns the words as a text, with spaces only where people write them.

    Example:

    >>> join_words(["two", "cats"]), join_words(["两", "只", "猫"])
    ('two cats', '两只猫')
    """
    joined = ""
    for text in texts:
        glued = not joined or (is_unspaced(text) and is_unspaced(joined[-1]))
        joined += text if glued else f" {text}"
    return joined
