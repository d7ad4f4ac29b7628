"""Batches of conversations that are read once, several of them in one sequence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.batch import PLACES, input_key, item_key, mask_key
from polymodal.feed.findings import Checked
from polymodal.feed.loader import Batch, Loader
from polymodal.feed.plan import FILLER, Plan
from polymodal.feed.samples import Samples
from polymodal.feed.threads import Shown, Thread, joined, packs_of, threads_of

__all__ = ["PackedLoader", "packed"]

_ENOUGH = 0.05  # share of what is computed that packing has to save


class PackedLoader(Loader):
    """A Loader whose lines are conversations with all their answers, and not one answer each.

    Weights are those of a Loader: an effective batch has the mean loss of all tokens of answers,
    whatever step they come in.

    Args:
        samples, checked, collate, collate_targets, seed, augment: as for Loader.
        threads: list of Thread, one a line.
        plan: Plan over the lines, with `line_lengths`.
        words: int, the source of the conversation.
    """

    def __init__(
        self,
        samples: Samples,
        checked: Checked,
        threads: Sequence[Thread],
        plan: Plan,
        collate: Callable[..., Any],
        collate_targets: Callable[..., Any],
        words: int,
        seed: int = 0,
        augment: bool = False,
    ):
        super().__init__(
            samples, checked, plan, collate, collate_targets, seed, augment, num_lines=len(threads)
        )
        self.threads, self.words = list(threads), words
        self._join_targets = collate_targets
        self.slots = slots_of(self.threads)
        self.valid = np.array(
            [int(checked.valid[list(thread.rows)].sum()) for thread in self.threads]
        )

    def rows_of(self, epoch: int, step: int) -> np.ndarray:
        """Returns the rows of the table in one step, int64, without filler."""
        lines, _ = self.plan.batch(epoch, step)
        return np.array(
            [
                int(self.checked.rows[at])
                for line in lines
                if line >= 0
                for at in self.threads[line].rows
            ],
            np.int64,
        )

    def batch(self, epoch: int, step: int) -> Batch:
        """Makes one batch, with `places` in place of `previous`.

        Returns:
            inputs, targets (lines, steps) and sample_weight (lines, steps).
        """
        lines, padded = self.plan.batch(epoch, step)
        threads = [None if line == FILLER else self.threads[line] for line in lines.tolist()]
        inputs: dict[str, Any] = {}
        for index, source in enumerate(self.samples.sources):
            key, modality = input_key(index), source.modality
            length = padded[index] if modality.has_time else None
            if index == self.words:
                arrays: Any = [thread and thread.ids for thread in threads]
            else:
                chosen, inputs[item_key(key)] = self._items(index, threads)
                rows = [FILLER if one is None else one[0] for one in chosen]
                arrays = self._encoded(source, epoch, step, rows, index, length)
                if modality.several:
                    inputs[key], inputs[mask_key(key)] = _single(modality, arrays, chosen)
                    continue
            inputs[key], inputs[mask_key(key)] = self._collate(modality, arrays, length)
        targets, weights = self._answers(threads, padded[-1])
        inputs[PLACES] = _padded([thread and thread.places for thread in threads], padded[-1])
        return inputs, targets, weights * self._scale(epoch, step)

    def fingerprint(self) -> str:
        """Returns a sha256 of what a resume must equal."""
        digest = hashlib.sha256(super().fingerprint().encode())
        for thread in self.threads:
            digest.update(thread.ids.tobytes())
            digest.update(f"{thread.rows} {thread.media}".encode())
        return digest.hexdigest()

    def _items(
        self, index: int, threads: Sequence[Thread | None]
    ) -> tuple[list[Shown], np.ndarray]:
        """Returns a row for each distinct image of a batch and which of its images that is, None
        for padding, and which of them stand at the places of each line, (lines, slots)."""
        slots, items = self.slots[index], self.samples.items(self.samples.sources[index])
        numbers = np.full((len(threads), slots), FILLER, "int32")
        known: dict[tuple[int, int], int] = {}
        chosen: list[Shown] = []
        for line, thread in enumerate(threads):
            for slot, one in enumerate(thread.media[index] if thread else ()):
                if one is None:
                    continue
                row = int(self.checked.rows[one[0]])
                item = (row if items is None else int(items[row])), one[1]
                if item not in known:
                    known[item] = len(chosen)
                    chosen.append((row, one[1]))
                numbers[line, slot] = known[item]
        return chosen + [None] * (len(threads) * slots - len(chosen)), numbers

    def _answers(
        self, threads: Sequence[Thread | None], length: int
    ) -> tuple[np.ndarray, np.ndarray]:
        values = [
            thread
            and np.concatenate(
                [self.samples.target(int(self.checked.rows[at])) for at in thread.rows]
            )
            for thread in threads
        ]
        targets, valid = self._join_targets(self.samples.known_target, values, length)
        return targets, valid.astype("float32")

    def _scale(self, epoch: int, step: int) -> np.float32:
        valid = self.valid[self.plan.effective_rows(epoch, step)].sum()
        return np.float32(self.plan.accumulate / max(1, int(valid)))


def packed(
    samples: Samples,
    checked: Checked,
    words: int,
    batch_size: int,
    places: int,
    collate: Callable[..., Any],
    collate_targets: Callable[..., Any],
    seed: int,
    augment: bool,
    **how: Any,
) -> PackedLoader:
    """Returns a loader that reads each conversation once, and packs several where that saves
    padding.

    Args:
        samples, checked: rows of a table.
        words: int, the source of the conversation.
        batch_size: int, rows that a step has on average.
        places: int, positions that the model computes for each image.
        collate, collate_targets, seed, augment: as for Loader.
        how: further arguments of Plan.
    """

    def made(threads: list[Thread]) -> tuple[list[Thread], Plan]:
        size = max(1, round(batch_size * len(threads) / len(checked)))
        slots = max([1, *slots_of(threads).values()])
        return threads, Plan(
            len(threads),
            size,
            seed,
            line_lengths(threads, checked, words),
            places=places * slots,
            **how,
        )

    single = threads_of(samples, checked, words)
    lengths = [len(one.ids) + places * sum(map(len, one.media.values())) for one in single]
    chosen, plan = made(single)
    lines = [joined(single[one] for one in pack) for pack in packs_of(lengths, seed)]
    if len(lines) < len(single):
        together = made(lines)
        if together[1].padding() < plan.padding() - _ENOUGH:
            chosen, plan = together
    return PackedLoader(
        samples, checked, chosen, plan, collate, collate_targets, words, seed, augment
    )


def slots_of(threads: Sequence[Thread]) -> dict[int, int]:
    """Returns {source: most places of media in a line, at least 1}."""
    return {
        index: max([1, *(len(thread.media[index]) for thread in threads)])
        for index in threads[0].media
    }


def line_lengths(threads: Sequence[Thread], checked: Checked, words: int) -> np.ndarray:
    """Returns (lines, sources + 1) whole numbers, as `Checked.lengths` are of rows: for media the
    length of the longest."""
    lengths = np.zeros((len(threads), checked.lengths.shape[1]), "int32")
    for line, thread in enumerate(threads):
        for index, shown in thread.media.items():
            known = [int(checked.lengths[one[0], index]) for one in shown if one is not None]
            lengths[line, index] = max(known, default=0)
        lengths[line, words] = len(thread.ids)
        lengths[line, -1] = len(thread.places)
    return lengths


def _single(
    modality: Any, arrays: Sequence[np.ndarray | None], chosen: Sequence[Shown]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns (items, ...) and a mask (items,) of single items of rows that have several; of items
    of several parts, (items, parts, ...) and (items, parts)."""
    parts = modality.num_parts
    found = np.zeros((len(chosen), parts, *modality.shape[1:]), modality.dtype)
    there = np.zeros((len(chosen), parts), bool)
    for place, (array, one) in enumerate(zip(arrays, chosen, strict=True)):
        if array is not None and one is not None:
            own = array[one[1] * parts : (one[1] + 1) * parts]  # a video may have fewer frames
            found[place, : len(own)], there[place, : len(own)] = own, True
    if parts == 1:
        return found[:, 0], there[:, 0]
    gaps = np.isnan(found).all(axis=tuple(range(2, found.ndim)))  # (items, parts)
    found[gaps] = 0
    return found, there & ~gaps


def _padded(arrays: Sequence[np.ndarray | None], length: int) -> np.ndarray:
    found = np.full((len(arrays), length), -1, "int32")
    for line, array in enumerate(arrays):
        if array is not None:
            found[line, : len(array)] = array
    return found
