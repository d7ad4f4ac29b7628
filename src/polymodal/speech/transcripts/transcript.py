"""Transcripts with times: tokens in frames, words and segments in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from polymodal.text.words import is_unspaced, join_words

__all__ = ["Segment", "TokenSpan", "Word", "is_unspaced", "join_words"]


@dataclass(frozen=True)
class TokenSpan:
    """A token and its frames.

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
    """A word and its times.

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
    """A segment of speech that is shown at once.

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
