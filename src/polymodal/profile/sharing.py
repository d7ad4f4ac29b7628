"""Puts rows that share a media file into one batch, which encodes it once."""

from __future__ import annotations

import numpy as np

FILLER = -1


class Sharing:
    """Distributes rows over effective batches, several of each item together.

    In each epoch the rows of an item are shuffled into parts of at most `rows_per_item`, as even as
    possible. Parts are distributed so that all batches have about as many rows and items. The sizes
    of the parts in each batch are fixed once, so every epoch has the same number of steps; which
    parts they are is random.

    Args:
        items: (rows,) whole numbers; rows with the same number share an item, -1 is a missing one.
        rows_per_item: int, rows of an item that come together, at most.
        batch_size: int, rows of a step.
        accumulate: int, steps of one effective batch.
    """

    def __init__(self, items: np.ndarray, rows_per_item: int, batch_size: int, accumulate: int = 1):
        self.items = np.asarray(items, "int32")
        self.rows_per_item = rows_per_item
        size = batch_size * accumulate
        sizes, starts = _parts(self.items, min(rows_per_item, size))
        largest = np.argsort(-sizes, kind="stable")
        self._sizes, self._starts = sizes[largest], starts[largest]
        batch = _dealt(self._sizes, size)
        self._shape = int(batch.max()) + 1, accumulate, batch_size
        self._places = batch * size + _offsets(batch, self._sizes)
        self.num_items = self._most_items()

    @property
    def num_steps(self) -> int:
        """Steps of an epoch."""
        return self._shape[0] * self._shape[1]

    def draw(self, random: np.random.Generator) -> np.ndarray:
        """Returns the rows of an epoch, (effective batches, accumulate, batch_size) int32, -1 for
        padding."""
        rows = np.arange(len(self.items), dtype="int32")
        random.shuffle(rows)
        rows = rows[np.argsort(self.items[rows], kind="stable")]
        starts = self._starts.copy()
        edges = np.flatnonzero(np.diff(self._sizes)) + 1
        for alike in np.split(starts, edges):  # parts of one size are shuffled among themselves
            random.shuffle(alike)
        return self._laid(rows[_spans(starts, self._sizes)])

    def _laid(self, values: np.ndarray) -> np.ndarray:
        """Returns one value per row of all parts, in their order, at their positions."""
        order = np.full(self._shape, FILLER, "int32")
        order.reshape(-1)[_spans(self._places, self._sizes)] = values
        if self._shape[1] > 1:
            for steps in order:
                spread(steps, steps[steps != FILLER])
        return order

    def _most_items(self) -> int:
        part = np.repeat(np.arange(len(self._sizes), dtype="int32"), self._sizes)
        steps = self._laid(part).reshape(self.num_steps, -1)
        return max(len(np.unique(step[step != FILLER])) for step in steps)


def spread(steps: np.ndarray, rows: np.ndarray) -> None:
    """Fills the steps of one effective batch evenly, so that as few as possible are all filler."""
    steps[:] = FILLER
    for step, part in zip(steps, np.array_split(rows, len(steps)), strict=True):
        step[: len(part)] = part


def repeats(items: np.ndarray) -> float:
    """Returns the mean number of rows per item; 1 if there is none."""
    there = items[items >= 0]
    if len(there):
        return len(there) / len(np.unique(there))
    return 1.0


def _parts(items: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sizes of all parts, and where each starts among rows sorted by item."""
    counts = np.unique(items, return_counts=True)[1]
    num_parts = -(-counts // most)
    item = np.repeat(np.arange(len(counts)), num_parts)
    number = _spans(np.zeros(len(counts), int), num_parts)
    sizes = counts[item] // num_parts[item] + (number < counts[item] % num_parts[item])
    return sizes, np.cumsum(sizes) - sizes


def _dealt(sizes: np.ndarray, size: int) -> np.ndarray:
    """Returns the effective batch of each part: largest parts first, back and forth over the fewest
    batches that hold at most `size` rows each."""
    num_batches = -(-int(sizes.sum()) // size)
    number = np.arange(len(sizes))
    while True:
        turn, place = np.divmod(number, num_batches)
        batch = np.where(turn % 2, num_batches - 1 - place, place)
        if np.bincount(batch, sizes).max() <= size:
            return batch
        num_batches += 1


def _offsets(batch: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns how many rows of its batch come before each part."""
    order = np.argsort(batch, kind="stable")
    before = np.cumsum(sizes[order]) - sizes[order]
    first = np.searchsorted(batch[order], batch[order])  # the first part of the same batch
    offsets = np.empty_like(before)
    offsets[order] = before - before[first]
    return offsets


def _spans(starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns start, start + 1, ... of each span, `size` numbers, concatenated."""
    inside = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(starts, sizes) + inside
