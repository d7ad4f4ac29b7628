"""From tokens in frames to words in seconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from polymodal.speech.transcripts.transcript import TokenSpan, Word
from polymodal.text.words import is_unspaced, split_words

__all__ = ["spoken", "words_from_spans"]

_MARGIN_SECONDS = 0.3  # that words may begin before and end after detected speech


def words_from_spans(
    spans: Sequence[TokenSpan],
    symbols: Sequence[str],
    frame_seconds: float,
    start_seconds: float = 0.0,
) -> list[Word]:
    """Joins tokens to words, from the first frame of the first to the last frame of the last.

    Args:
        spans: sequence of TokenSpan, in order.
        symbols: sequence of str, the text of each id; a space, alone or inside, separates words.
            Characters of scripts without spaces are words of their own.
        frame_seconds: float, from one frame to the next.
        start_seconds: float, when the first frame starts.

    Returns:
        The words; their confidence is the geometric mean of their tokens'.

    Example:

    >>> spans = [TokenSpan(0, 2, 4, 0.9), TokenSpan(1, 5, 6, 0.4), TokenSpan(2, 8, 9, 1.0)]
    >>> words_from_spans(spans, ["a", "n", " x"], frame_seconds=0.5)[0]
    Word(text='an', start_seconds=1.0, end_seconds=3.0, confidence=0.6)
    """
    groups: list[list[tuple[str, TokenSpan]]] = [[]]
    for span in spans:
        for count, text in enumerate(symbols[span.id].split(" ")):
            last = ""
            if groups[-1]:
                last = groups[-1][-1][0]
            if count or _starts_word(last, text):
                groups.append([])
            if text:
                groups[-1].append((text, span))
    return [_word(group, frame_seconds, start_seconds) for group in groups if group]


def spoken(
    words: Sequence[Word],
    regions: Iterable[tuple[float, float]],
    end_seconds: float,
    pause_seconds: float = 2.0,
) -> list[Word]:
    """Returns the words without those in long pauses without speech.

    A model trained on clips full of speech recognises words in noise too. Short pauses are no
    evidence: the detector compares speech with its surroundings, and misses a word that fills a
    clip.

    Args:
        words: sequence of Word.
        regions: (start, end) in seconds of speech, as `activity.speech_regions` finds it.
        end_seconds: float, how long the recording is.
        pause_seconds: float, length of a pause in which words are dropped.

    Example:

    >>> heard = [Word("one", 0.1, 0.5), Word("oh", 4.0, 4.1)]
    >>> [word.text for word in spoken(heard, [(0.2, 0.6)], end_seconds=6.0)]
    ['one']
    >>> len(spoken(heard[:1], [], end_seconds=0.6))
    1
    """
    quiet, since = [], 0.0
    for start, end in [*sorted(regions), (end_seconds, math.inf)]:
        if start - since >= pause_seconds:
            quiet.append(
                (
                    since + _MARGIN_SECONDS if since else 0.0,
                    math.inf if end == math.inf else start - _MARGIN_SECONDS,
                )
            )
        since = max(since, end)
    return [
        word
        for word in words
        if not any(start <= word.start_seconds and word.end_seconds <= end for start, end in quiet)
    ]


def _starts_word(last: str, text: str) -> bool:
    """Returns whether a text without a space before it is a word of its own; marks are none."""
    return (is_unspaced(text) or is_unspaced(last[-1:])) and len(
        split_words(last[-1:] + text[:1])
    ) > 1


def _word(group: list[tuple[str, TokenSpan]], frame_seconds: float, start_seconds: float) -> Word:
    spans = [span for _, span in group]
    mean = sum(math.log(max(span.confidence, 1e-12)) for span in spans) / len(spans)
    return Word(
        "".join(text for text, _ in group),
        start_seconds + spans[0].start_frame * frame_seconds,
        start_seconds + spans[-1].end_frame * frame_seconds,
        round(math.exp(mean), 6),
    )
