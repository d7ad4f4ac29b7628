"""Merging the words of overlapping chunks, without losses or repeats."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from polymodal.speech.transcripts.transcript import Word

__all__ = ["merge_words"]

_MARKS = ".,;:!?…。，、；：！？\"'()[]"
_TYPICAL_SECONDS = 0.1  # how far apart two models' times of one word usually are
_MAX_SECONDS = 0.5
_ROUNDING = 1e-6  # seconds; words that touch may overlap by the last digit


def merge_words(
    parts: Sequence[Sequence[Word]], spans: Sequence[tuple[float, float]]
) -> list[Word]:
    """Joins the words of neighbouring chunks, each pair at a word that is whole in both.

    Words at the end of a chunk and at the start of the next may be cut and misrecognised. The
    words inside an overlap are paired by text and time, and the pair nearest to its middle is
    where the second chunk takes over. Without any pair it takes over between two words, near the
    middle.

    Args:
        parts: the words of each chunk, with times from the start of the recording.
        spans: (start, end) of each chunk in seconds. A chunk overlaps none but its neighbours.

    Returns:
        The words in order.

    Raises:
        ValueError: there is not one span for each part, or they are not in order.

    Example:

    >>> first = [Word("one", 0.1, 0.5), Word("two", 0.7, 1.2), Word("thr", 1.8, 2.0)]
    >>> second = [Word("wo", 1.0, 1.2), Word("three", 1.8, 2.3)]
    >>> [word.text for word in merge_words([first, second], [(0.0, 2.0), (1.0, 3.0)])]
    ['one', 'two', 'three']
    """
    if len(parts) != len(spans) or any(b < a for a, b in itertools.pairwise(spans)):
        raise ValueError(
            "merge_words needs one span for each part, in order. "
            f"Got {len(parts)} parts and {list(spans)[:8]}. "
            "Pass start and end of each chunk."
        )
    merged: list[Word] = []
    covered = -math.inf
    for words, (start, end) in zip(parts, spans, strict=True):
        merged = _joined(merged, words, start, covered)
        covered = max(covered, end)
    return merged


def _joined(left: list[Word], right: Sequence[Word], start: float, end: float) -> list[Word]:
    """Joins two lists whose chunks overlap from `start` to `end`, if `end` is later."""
    if end <= start:
        return [*left, *right]
    pairs = _pairs(
        _inside(left, start, end),
        _inside(right, start, end),
        lambda i, j: _likeness(left[i], right[j]),
    )
    if not pairs:
        cut = _gap([*left, *right], start, end)
        return [
            *(word for word in left if _middle(word) < cut),
            *(word for word in right if _middle(word) >= cut),
        ]
    i, j = min(
        pairs, key=lambda pair: abs(_middle(left[pair[0]]) + _middle(right[pair[1]]) - start - end)
    )
    if left[i].confidence >= right[j].confidence:
        surer = left[i]
    else:
        surer = right[j]
    return [*left[:i], surer, *right[j + 1 :]]


def _gap(words: list[Word], start: float, end: float) -> float:
    """Returns the time from `start` to `end` that lies in the fewest words, near the middle."""
    words = [word for word in words if word.end_seconds >= start and word.start_seconds <= end]
    edges = [time for word in words for time in (word.start_seconds, word.end_seconds)]
    middle = (start + end) / 2
    return min(
        [middle, *(time for time in edges if start <= time <= end)],
        key=lambda time: (
            sum(
                word.start_seconds + _ROUNDING < time < word.end_seconds - _ROUNDING
                for word in words
            ),
            abs(time - middle),
        ),
    )


def _inside(words: Sequence[Word], start: float, end: float) -> list[int]:
    return [
        place
        for place, word in enumerate(words)
        if start <= word.start_seconds and word.end_seconds <= end
    ]


def _pairs(
    left: list[int], right: list[int], likeness: Callable[[int, int], float]
) -> list[tuple[int, int]]:
    """Returns the pairs, in order in both lists, whose likeness sums to the most."""
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    gains = [[likeness(i, j) for j in right] for i in left]
    for a in range(len(left)):
        for b in range(len(right)):
            best[a + 1][b + 1] = max(best[a][b + 1], best[a + 1][b], best[a][b] + gains[a][b])
    pairs, a, b = [], len(left), len(right)
    while a and b:
        if gains[a - 1][b - 1] and best[a][b] == best[a - 1][b - 1] + gains[a - 1][b - 1]:
            a, b = a - 1, b - 1
            pairs.append((left[a], right[b]))
        elif best[a][b] == best[a - 1][b]:
            a -= 1
        else:
            b -= 1
    return pairs[::-1]


def _likeness(a: Word, b: Word) -> float:
    """Returns 1 for the same word at the same time, 0 for other words or far apart."""
    apart = abs(_middle(a) - _middle(b))
    if apart > _MAX_SECONDS or _letters(a.text) != _letters(b.text):
        return 0.0
    return math.exp(-((apart / _TYPICAL_SECONDS) ** 2))


def _letters(text: str) -> str:
    return text.strip(_MARKS).lower() or text


def _middle(word: Word) -> float:
    return (word.start_seconds + word.end_seconds) / 2
