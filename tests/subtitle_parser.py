"""Reads SubRip and WebVTT back into segments."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from polymodal.core.errors import DataError
from polymodal.speech.transcripts.transcript import Segment

__all__ = ["parse_subtitles"]

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_STYLE = re.compile(r"</?(?:i|b|u|s|font)(?:\s[^>]*)?>|\{\\an?\d\}", re.IGNORECASE)  # SubRip's
_TAG = re.compile(r"<[^>]*>")  # WebVTT's, in which a real "<" is escaped
_NO_CUE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:[ \t]|$)")


def parse_subtitles(text: str) -> list[Segment]:
    """Reads subtitles; what starts with WEBVTT is WebVTT, all else SubRip. Styles are left out.

    Args:
        text: str, the content of the file.

    Returns:
        The segments in the order of the file, without words.

    Raises:
        DataError: a cue has no times, or ends before it starts; the message names the line.

    Example:

    >>> parse_subtitles("1\\n00:00:01,000 --> 00:00:02,500\\n<i>Hello</i>\\n")
    [Segment(text='Hello', start_seconds=1.0, end_seconds=2.5, words=())]
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    web = text.startswith("WEBVTT")
    return [
        _cue(lines, number, web)
        for number, lines in _blocks(text)
        if not (web and _NO_CUE.match(lines[0]))
    ]


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yields what stands between empty lines, with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _cue(lines: list[str], number: int, web: bool) -> Segment:
    for place, line in enumerate(lines[:2]):  # an identifier may stand before the times
        if match := _TIMES.fullmatch(line):
            start, end = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
            if end < start:
                raise _error(number + place, f"ends at {end:.3f} s, before it starts")
            return Segment("\n".join(_text(line, web) for line in lines[place + 1 :]), start, end)
    raise _error(
        number, f"has {lines[0][:40]!r}, expected times such as 00:00:01,000 --> 00:00:02,500"
    )


def _seconds(fields: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (field or "0" for field in fields)
    milliseconds = int(fraction.ljust(3, "0"))
    return (((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + milliseconds) / 1000


def _text(line: str, web: bool) -> str:
    return html.unescape(_TAG.sub("", line)) if web else _STYLE.sub("", line)


def _error(number: int, problem: str) -> DataError:
    return DataError(f"line {number} {problem}.", "Fix the subtitles.", reason="bad_subtitles")
