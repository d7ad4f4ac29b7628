"""Batches in the order of the plan, made in parallel, from any step on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.batch import PREVIOUS, input_key, item_key, mask_key
from polymodal.core.errors import RecipeError
from polymodal.core.seeds import generator
from polymodal.feed.findings import Checked
from polymodal.feed.plan import FILLER, Plan
from polymodal.feed.samples import Samples

_TARGET = 10**6  # key of the random numbers for targets, next to the indices of inputs
_PREFETCH = 4  # finished batches that wait for the model, for each thread

Batch = tuple[dict[str, np.ndarray], np.ndarray | None, np.ndarray]


class Loader:
    """Makes the batches `(inputs, targets, sample_weight)` of an epoch.

    The rows of a batch and their augmentation depend on (seed, epoch, step) only, so a run can
    continue from any step. The weights of an effective batch sum to `accumulate`: with losses
    that are summed, and gradients averaged over `accumulate` steps, its loss is the mean over
    its valid targets.

    Args:
        samples: Samples of one table.
        checked: Checked, the rows to use, from `check(samples, ...)`.
        plan: Plan over `len(checked)` rows, with `checked.lengths`.
        collate: function `(modality, arrays, length) -> (array, mask)`.
        collate_targets: function `(target, values, length) -> (targets, valid)`; None without
            targets.
        seed: int, of augmentation.
        augment: bool, True for training only.
        num_threads: int, threads that make batches.
        class_weights: (classes,) float, weight of each class, or None for 1.
        row_weights: (rows of `checked`,) float, or None for 1.
        shared: int, the source whose items the plan puts together; each is then decoded, augmented
            and encoded once per batch. None if the plan has no `num_items`.
        num_lines: int, what the plan is over where it is not over the rows; None for rows.

    Raises:
        RecipeError: plan, rows or weights do not belong together.
    """

    def __init__(
        self,
        samples: Samples,
        checked: Checked,
        plan: Plan,
        collate: Callable[..., Any],
        collate_targets: Callable[..., Any] | None = None,
        seed: int = 0,
        augment: bool = False,
        num_threads: int = 1,
        class_weights: np.ndarray | None = None,
        row_weights: np.ndarray | None = None,
        shared: int | None = None,
        num_lines: int | None = None,
    ):
        if plan.num_rows != (num_lines or len(checked)):
            raise RecipeError(
                f"Loader needs a plan over {num_lines or len(checked)} rows. Got "
                f"one over {plan.num_rows}. Make the plan from the checked rows."
            )
        if row_weights is not None and len(row_weights) != len(checked):
            raise RecipeError(
                f"Loader needs {len(checked)} row weights. Got {len(row_weights)}. "
                "Give one for each checked row."
            )
        self.samples, self.checked, self.plan = samples, checked, plan
        self.seed, self.augment, self.num_threads = seed, augment, num_threads
        self._collate, self._collate_targets = collate, collate_targets
        self._class_weights = _floats(class_weights)
        self._row_weights = _floats(row_weights)
        self._shared = None if plan.num_items is None else shared

    def steps(self, epoch: int = 0) -> int:
        """Returns the number of steps of an epoch."""
        return self.plan.steps(epoch)

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """Yields the batches of an epoch from `start_step` on, made ahead in threads.

        Raises:
            DataError: a row cannot be decoded any more; it names table, row and column.
        """
        return self.batches(epoch, range(start_step, self.steps(epoch)))

    def batches(self, epoch: int, steps: Sequence[int]) -> Iterator[Batch]:
        """Yields the batches of some steps of an epoch, made ahead in threads.

        Raises:
            DataError: a row cannot be decoded any more; it names table, row and column.
        """
        import grain  # here, as it takes half a second and prediction of one row needs none

        places = grain.MapDataset.range(len(steps))
        batches = places.map(lambda place: self.batch(epoch, int(steps[int(place)])))
        options = grain.ReadOptions(
            num_threads=self.num_threads, prefetch_buffer_size=_PREFETCH * self.num_threads
        )
        yield from batches.to_iter_dataset(options)

    def size_of(self, epoch: int, step: int) -> tuple[tuple[int, ...], int]:
        """Returns the shape of a step's batch, its rows and the padded length of each column, and
        how much is computed for it: time steps and positions, or rows without a time axis."""
        positions, padded = self.plan.batch(epoch, step)
        each = self.plan.places + sum(padded)
        return (len(positions), *padded), len(positions) * max(1, each)

    def rows_of(self, epoch: int, step: int) -> np.ndarray:
        """Returns the rows of the table in one step, (batch,) int64, -1 for filler."""
        positions, _ = self.plan.batch(epoch, step)
        return np.where(positions == FILLER, FILLER, self.checked.rows[positions])

    def steps_of(self, epoch: int, step: int) -> np.ndarray:
        """Returns the time steps of each row in one step, those without any input among them,
        (batch,) int64, 0 for filler."""
        positions, _ = self.plan.batch(epoch, step)
        longest = self.checked.lengths[positions, :-1].max(axis=1)
        return np.where(positions == FILLER, 0, longest).astype(np.int64)

    def batch(self, epoch: int, step: int) -> Batch:
        """Makes one batch.

        Returns:
            inputs: `{input_i: array, input_i_mask: bool array}`.
            targets: (batch, ...) array, or None.
            sample_weight: (batch,) float32, or (batch, time) for targets with time.
        """
        positions, padded = self.plan.batch(epoch, step)
        rows = self.rows_of(epoch, step).tolist()
        inputs = self._inputs(epoch, step, rows, padded)
        targets, weights = self._targets(rows, positions, padded, (epoch, step))
        weights *= self._scale(epoch, step)
        target = self.samples.target_object
        if targets is not None and target is not None and target.is_fed_back:
            inputs[PREVIOUS] = target.previous(targets)
        return inputs, targets, weights

    @property
    def shuffles_references(self) -> bool:
        """Whether targets are sampled from several reference answers in each epoch."""
        target = self.samples.target_object
        return self.plan.shuffle and target is not None and target.is_sampled

    def fingerprint(self) -> str:
        """Returns a sha256 of rows, what they hold, plan, seed and weights: what a resume must
        equal."""
        digest = hashlib.sha256(
            f"{self.samples.fingerprint()} {self.checked.fingerprint()} {self.plan.fingerprint()} "
            f"{self.seed} {self.augment}".encode()
        )
        for weights in (self._class_weights, self._row_weights):
            digest.update(b"none" if weights is None else weights.tobytes())
        return digest.hexdigest()

    def _inputs(
        self, epoch: int, step: int, rows: list[int], padded: tuple[int, ...]
    ) -> dict[str, Any]:
        inputs = {}
        for index, source in enumerate(self.samples.sources):
            modality = source.modality
            length = None
            if modality.has_time:
                length = padded[index]
            key, chosen = input_key(index), rows
            if index == self._shared:
                chosen, inputs[item_key(key)] = self._once(source, rows)
            arrays = self._encoded(source, epoch, step, chosen, index, length)
            inputs[key], inputs[mask_key(key)] = self._collate(modality, arrays, length)
        return inputs

    def _once(self, source: Any, rows: list[int]) -> tuple[list[int], np.ndarray]:
        """Returns one row per item of the batch, -1 for padding, and the item of each row."""
        there = np.array(rows) >= 0
        real = np.array(rows)[there]
        slots, num_items = self.samples.items(source), self.plan.num_items
        if slots is None or num_items is None:
            raise RecipeError(
                f"Loader needs a plan with items and a cached input to share. Got "
                f"{source.name}. Leave shared out."
            )
        items = slots[real]
        _, first, of_row = np.unique(items, return_index=True, return_inverse=True)
        chosen = [*real[first].tolist(), *[FILLER] * (num_items - len(first))]
        numbers = np.zeros(len(rows), "int32")
        numbers[there] = of_row
        return chosen, numbers

    def _encoded(
        self, source: Any, epoch: int, step: int, rows: list[int], index: int, longest: int | None
    ) -> list[np.ndarray | None]:
        """Returns one input's arrays, augmented and encoded per batch; None where missing."""
        decoded = [None if row < 0 else self.samples.decode(source, row) for row in rows]
        here = [value for value in decoded if value is not None]
        if self.augment and not source.modality.is_still:
            rng = generator(self.seed, epoch, step, index)
            here = source.modality.augment_all(here, rng, longest)
        encoded = iter(source.modality.encode_all(here))
        return [None if value is None else next(encoded) for value in decoded]

    def _targets(
        self, rows: list[int], positions: np.ndarray, padded: tuple[int, ...], at: tuple[int, int]
    ):
        """Returns targets and unscaled weights: 1, or class weight times row weight; 0 = filler."""
        target = self.samples.target_object
        if target is None or self._collate_targets is None:
            return None, (positions != FILLER).astype("float32")
        # Training samples from the reference answers.
        rng = None
        if self.shuffles_references:
            rng = generator(self.seed, *at, _TARGET)
        values = [None if row < 0 else self.samples.target(row, rng) for row in rows]
        length = None
        if target.has_time:
            length = padded[-1]
        targets, valid = self._collate_targets(target, values, length)
        weights = valid.astype("float32")
        if self._class_weights is not None:
            weights *= self._class_weights[np.maximum(targets, 0)]
        if self._row_weights is not None:
            of_rows = self._row_weights[positions]
            weights *= of_rows.reshape(-1, *[1] * (weights.ndim - 1))
        return targets, weights

    def _scale(self, epoch: int, step: int) -> np.float32:
        valid = self.checked.valid[self.plan.effective_rows(epoch, step)].sum()
        return np.float32(self.plan.accumulate / max(1, int(valid)))


def _floats(values: Any) -> np.ndarray | None:
    if values is None:
        return None
    return np.asarray(values, "float32")
