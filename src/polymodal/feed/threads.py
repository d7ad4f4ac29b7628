"""Conversations as training reads them: each one once, with all answers that are learned from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polymodal.core.seeds import generator
from polymodal.feed.findings import Checked
from polymodal.feed.samples import Samples
from polymodal.media.media_cell import cells_of
from polymodal.text.dialogue.messages import BREAK, KINDS

__all__ = ["Thread", "joined", "packs_of", "threads_of"]

Shown = tuple[int, int] | None
_SEVERAL = KINDS[0]  # media of which a row may have several


@dataclass(frozen=True)
class Thread:
    """One conversation, or several behind one another.

    Args:
        ids: int32 (time,), the words before the last answer, places of media, and the answers, the
            last one without its end.
        rows: positions of the checked rows whose answers it has, in order.
        places: int32 (steps,), where in `ids` the token before each token of these answers stands.
        media: {source: (position of a row, which of its items) for what stands at each place, None
            for nothing}.
    """

    ids: np.ndarray
    rows: tuple[int, ...]
    places: np.ndarray
    media: dict[int, tuple[Shown, ...]]


@dataclass(frozen=True)
class _Row:
    """A row by itself; `shown` has (place, what stands there) of its media."""

    prompt: np.ndarray
    ids: np.ndarray  # with the answer, but its end
    whole: np.ndarray
    media: dict[int, tuple[Shown, ...]]
    shown: tuple[tuple[int, Any], ...]

    def beginning(self, length: int) -> tuple[bytes, tuple]:
        """Returns what two rows share that begin alike."""
        shown = tuple(one for one in self.shown if one[0] < length)
        return self.whole[:length].tobytes(), shown


def threads_of(samples: Samples, checked: Checked, words: int) -> list[Thread]:
    """Returns the conversations of rows. A row whose prompt and answer are where another's prompt
    begins, with the same media, is read with that one.

    Args:
        samples: Samples whose target is fed back.
        checked: Checked, the rows to use.
        words: int, the source of the conversation.
    """
    rows = [_row(samples, checked, words, at) for at in range(len(checked))]
    known: dict[tuple[bytes, tuple], list[int]] = {}
    for at, row in enumerate(rows):
        known.setdefault(row.beginning(len(row.whole)), []).append(at)
    taken, found = np.zeros(len(rows), bool), []
    for at in sorted(range(len(rows)), key=lambda at: -len(rows[at].whole)):
        if taken[at]:
            continue
        known[rows[at].beginning(len(rows[at].whole))].remove(at)
        own = (*_inside(rows[at], known), at)
        taken[list(own)] = True
        places = np.concatenate(
            [np.arange(len(rows[one].prompt), len(rows[one].ids)) for one in own]
        )
        found.append(Thread(rows[at].ids, own, places.astype("int32"), rows[at].media))
    return sorted(found, key=lambda thread: thread.rows[-1])


def _row(samples: Samples, checked: Checked, words: int, at: int) -> _Row:
    row, target = int(checked.rows[at]), samples.known_target
    source = samples.sources[words]
    prompt = np.asarray(source.modality.encode(samples.decode(source, row)), "int32")
    answer = np.asarray(samples.target(row), "int32")
    ids = np.concatenate([prompt, target.previous(answer[None])[0]])
    media, shown = {}, []
    for index, other in enumerate(samples.sources):
        if other.name not in KINDS:
            continue
        places = np.flatnonzero(prompt == -1 - KINDS.index(other.name)).tolist()
        held = _items(other, other.cell(samples.table, row)) if checked.present[at, index] else []
        first = max(0, len(held) - len(places))  # a conversation that was cut lost the first ones
        known = [(at, place) for place in range(first, len(held))]
        media[index] = (*known, *[None] * (len(places) - len(known)))
        shown += [(place, str(cell)) for place, cell in zip(places, held[first:], strict=False)]
    return _Row(prompt, ids, np.append(ids, answer[-1]), media, tuple(shown))


def _items(source: Any, cell: Any) -> list[Any]:
    """Returns the cells of what stands at places of their own; pictures of a video share one."""
    if source.name == _SEVERAL:
        return cells_of(cell)
    return [cell]


def _inside(row: _Row, known: dict[tuple[bytes, tuple], list[int]]) -> list[int]:
    """Takes one row for each beginning of a prompt that is a whole row, and returns them."""
    found = []
    for length in np.flatnonzero(row.prompt == row.whole[-1]) + 1:  # where an answer may end
        same = known.get(row.beginning(int(length)))
        if same:
            found.append(same.pop())
    return found


def packs_of(lengths: Sequence[int], seed: int) -> list[list[int]]:
    """Returns which conversations come in one sequence, none longer than the longest of them.

    Each goes to the fullest sequence with room for it, the longest first.

    Args:
        lengths: tokens of each conversation.
        seed: int, of the order among those of equal length.
    """
    order = generator(seed).permutation(len(lengths))
    order = order[np.argsort(-np.asarray(lengths)[order], kind="stable")]
    room = int(max(lengths))
    open_at: dict[int, list[int]] = {}  # {tokens that are free: sequences}
    packs: list[list[int]] = []
    for one in order.tolist():
        length = int(lengths[one])
        free = min(
            (space for space, there in open_at.items() if there and space >= length), default=None
        )
        if free is None:
            packs.append([])
            place, free = len(packs) - 1, room
        else:
            place = open_at[free].pop()
        packs[place].append(one)
        open_at.setdefault(free - length, []).append(place)
    return packs


def joined(threads: Iterable[Thread]) -> Thread:
    """Returns conversations behind one another, a BREAK between them."""
    ids: list[np.ndarray] = []
    places, rows, media, start = [], [], {}, 0
    for thread in threads:
        if ids:
            ids.append(np.array([BREAK], "int32"))
            start += 1
        ids.append(thread.ids)
        places.append(thread.places + start)
        rows += thread.rows
        for index, found in thread.media.items():
            media[index] = (*media.get(index, ()), *found)
        start += len(thread.ids)
    return Thread(np.concatenate(ids), tuple(rows), np.concatenate(places), media)
