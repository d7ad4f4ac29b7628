"""Segments with times from what a recogniser wrote for a window, and where the next one starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polymodal.pretrained.speech.tokens import Tokens

__all__ = ["Piece", "cut"]


@dataclass(frozen=True)
class Piece:
    """A segment of a window.

    Args:
        ids: tuple of ints, without times.
        first: int, of the ids of the window, its times included.
        start: float, in positions of the encoder from the start of the window.
        end: float, the same.
    """

    ids: tuple[int, ...]
    first: int
    start: float
    end: float


def cut(ids: Sequence[int], tokens: Tokens, num_positions: float) -> tuple[list[Piece], float]:
    """Returns the segments of a window, and how many positions further the next window starts.

    Where the text ends inside a segment, the window ended while somebody spoke: that segment is
    left to the next window, which starts at its beginning.

    Args:
        ids: what was written, times included.
        tokens: Tokens.
        num_positions: float, positions of the encoder that the window's sound has.

    Source: the library `openai-whisper`, transcribe.py.
    """
    times = [one >= tokens.first_time for one in ids]
    ends = [place for place in range(1, len(ids)) if times[place - 1] and times[place]]
    if not ends:
        last = _last_time(ids, tokens)
        return [_piece(ids, 0, 0.0, last or num_positions, tokens)], num_positions
    ended = times[-2:] == [False, True]  # nobody speaks after the last time
    if ended:
        ends.append(len(ids))
    found, first = [], 0
    for place in ends:
        start, end = (float(ids[at] - tokens.first_time) for at in (first, place - 1))
        found.append(_piece(ids[first:place], first, start, end, tokens))
        first = place
    if ended:
        return found, num_positions
    return found, float(ids[first - 1] - tokens.first_time)


def _last_time(ids: Sequence[int], tokens: Tokens) -> float:
    """Returns the last time among ids, 0 where there is none."""
    known = [one - tokens.first_time for one in ids if one >= tokens.first_time]
    if known:
        return float(known[-1])
    return 0.0


def _piece(ids: Sequence[int], first: int, start: float, end: float, tokens: Tokens) -> Piece:
    return Piece(tuple(one for one in ids if one < tokens.end_id), first, start, end)
