"""Segments as subtitle files: SubRip, WebVTT, JSON, plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence

from polymodal.speech.transcripts.transcript import Segment, Word
from polymodal.text.words import join_words

__all__ = ["SUBTITLE_FORMATS", "subtitles", "to_json", "to_srt", "to_text", "to_vtt"]

_ARROW = re.compile("-{2,}>")  # would be taken for a line with times


def subtitles(segments: Sequence[Segment], name: str) -> str:
    """Returns segments in a format.

    Args:
        segments: sequence of Segment.
        name: str, one of SUBTITLE_FORMATS: "srt", "vtt", "json" or "txt".

    Raises:
        ValueError: there is no such format.
    """
    if name not in SUBTITLE_FORMATS:
        raise ValueError(
            f"subtitles needs a format out of {', '.join(SUBTITLE_FORMATS)}. "
            f"Got {name!r}. Name the file .srt to show it in a player."
        )
    return SUBTITLE_FORMATS[name](segments)


def to_srt(segments: Iterable[Segment]) -> str:
    """Returns SubRip. It knows no escapes: an arrow of several dashes in a text keeps one.

    Example:

    >>> print(to_srt([Segment("Hello,\\nyou", 1.0, 2.5)]), end="")
    1
    00:00:01,000 --> 00:00:02,500
    Hello,
    you
    """
    cues = [
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{_plain(segment.text)}\n"
        for number, (segment, start, end) in enumerate(_timed(segments), start=1)
    ]
    return "\n".join(cues)


def to_vtt(segments: Iterable[Segment], word_times: bool = False) -> str:
    """Returns WebVTT, with the time of each word inside the text if asked for.

    Example:

    >>> print(to_vtt([Segment("you & me", 1.0, 2.5)]), end="")
    WEBVTT
    <BLANKLINE>
    00:00:01.000 --> 00:00:02.500
    you &amp; me
    """
    cues = ["WEBVTT\n"]
    for segment, start, end in _timed(segments):
        if word_times and segment.words:
            text = _timed_words(segment, start, end)
        else:
            text = _escape(_clean(segment.text))
        cues.append(f"{_clock(start, '.')} --> {_clock(end, '.')}\n{text}\n")
    return "\n".join(cues)


def to_json(segments: Iterable[Segment]) -> str:
    """Returns JSON with the whole text, and all segments and words with their times."""
    segments = list(segments)
    entries = [
        {
            "text": _one_line(segment.text),
            "start_seconds": round(segment.start_seconds, 3),
            "end_seconds": round(segment.end_seconds, 3),
            "words": [_entry(word) for word in segment.words],
        }
        for segment in segments
    ]
    whole = join_words(text for segment in segments if (text := _one_line(segment.text)))
    return json.dumps({"text": whole, "segments": entries}, ensure_ascii=False, indent=2) + "\n"


def to_text(segments: Iterable[Segment]) -> str:
    """Returns the bare text, one line for each segment."""
    return "".join(f"{text}\n" for segment in segments if (text := _one_line(segment.text)))


SUBTITLE_FORMATS: dict[str, Callable[[Sequence[Segment]], str]] = {
    "srt": to_srt,
    "vtt": to_vtt,
    "json": to_json,
    "txt": to_text,
}


def _timed(segments: Iterable[Segment]) -> list[tuple[Segment, int, int]]:
    """Returns what is not empty with milliseconds: in order, never overlapping, never instant."""
    shown = sorted(
        (segment for segment in segments if _clean(segment.text)),
        key=lambda segment: segment.start_seconds,
    )
    starts = [max(0, round(1000 * segment.start_seconds)) for segment in shown]
    timed, free = [], 0
    for place, segment in enumerate(shown):
        start = max(starts[place], free)
        end = round(1000 * segment.end_seconds)
        if place + 1 < len(shown):
            end = min(end, starts[place + 1])
        free = max(end, start + 1)
        timed.append((segment, start, free))
    return timed


def _clock(milliseconds: int, point: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{milliseconds:03d}"


def _clean(text: str) -> str:
    """Returns the text without empty lines, which end a cue, and without null characters."""
    lines = (" ".join(line.split()) for line in text.replace("\0", "").split("\n"))
    return "\n".join(line for line in lines if line)


def _one_line(text: str) -> str:
    return join_words(_clean(text).split("\n"))


def _plain(text: str) -> str:
    return _ARROW.sub("->", _clean(text))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _timed_words(segment: Segment, start: int, end: int) -> str:
    """Returns the text with a time before each word; times must grow and lie inside the cue."""
    text, shown, latest = "", "", start
    for word in segment.words:
        longer = join_words([shown, word.text]) if shown else word.text
        gap = " " * (len(longer) - len(shown) - len(word.text))
        begin = round(1000 * word.start_seconds)
        if latest < begin < end:
            gap, latest = f"{gap}<{_clock(begin, '.')}>", begin
        text, shown = text + gap + _escape(_clean(word.text)), longer
    return text


def _entry(word: Word) -> dict[str, str | float]:
    return {
        "text": word.text,
        "start_seconds": round(word.start_seconds, 3),
        "end_seconds": round(word.end_seconds, 3),
        "confidence": round(word.confidence, 4),
    }
