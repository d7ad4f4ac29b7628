"""From words to readable subtitle segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polymodal.core.printed.visible import width
from polymodal.speech.transcripts.transcript import Segment, Word
from polymodal.text.words import join_words

__all__ = ["segments_from_words"]


def segments_from_words(
    words: Iterable[Word],
    max_seconds: float = 7.0,
    pause_seconds: float = 0.8,
    line_length: int = 42,
    num_lines: int = 2,
) -> list[Segment]:
    """Splits words at pauses, and where a segment would be too long to read.

    A word that alone is longer than a line or than `max_seconds` is a segment as it is.

    Args:
        words: iterable of Word, in order.
        max_seconds: float, from a segment's start to its end at most.
        pause_seconds: float, silence between words that ends a segment.
        line_length: int, columns of a line; wide characters, such as Chinese ones, take two.
        num_lines: int, lines of a segment at most.

    Returns:
        The segments; their lines are about equally long.

    Example:

    >>> words = [Word("well", 0.0, 0.4), Word("then", 0.5, 0.9), Word("go", 3.0, 3.2)]
    >>> [segment.text for segment in segments_from_words(words)]
    ['well then', 'go']
    """
    groups: list[list[Word]] = []
    for word in words:
        last = groups[-1] if groups else []
        if (
            last
            and word.start_seconds - last[-1].end_seconds < pause_seconds
            and word.end_seconds - last[0].start_seconds <= max_seconds
            and _fits([*last, word], line_length, num_lines)
        ):
            last.append(word)
        else:
            groups.append([word])
    return [_segment(group, line_length) for group in groups]


def _fits(words: Sequence[Word], line_length: int, num_lines: int) -> bool:
    lines = _filled([word.text for word in words], line_length)
    return len(lines) <= num_lines and max(map(width, lines)) <= line_length


def _segment(words: list[Word], line_length: int) -> Segment:
    texts = [word.text for word in words]
    lines = _filled(texts, line_length)
    # The narrowest lines that are no more in number are about equally long.
    for narrower in range(1, line_length):
        narrow = _filled(texts, narrower)
        if len(narrow) == len(lines) and max(map(width, narrow)) <= narrower:
            lines = narrow
            break
    return Segment(
        "\n".join(lines),
        words[0].start_seconds,
        max(word.end_seconds for word in words),
        tuple(words),
    )


def _filled(texts: Sequence[str], line_length: int) -> list[str]:
    lines: list[str] = []
    for text in texts:
        longer = join_words([lines[-1], text]) if lines else text
        if lines and width(longer) <= line_length:
            lines[-1] = longer
        else:
            lines.append(text)
    return lines
