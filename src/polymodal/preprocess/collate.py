"""From encoded samples to the arrays and masks of a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polymodal.core.contracts.target import Target
from polymodal.core.errors import DataError
from polymodal.preprocess.modality import Modality


def collate(
    modality: Modality, arrays: Sequence[np.ndarray | None], length: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Joins the encoded arrays of one input; what is missing is zeros with mask False.

    Args:
        modality: Modality that encoded them.
        arrays: list of arrays, None where the input is missing or the row only fills the batch.
        length: int, steps of the result; longer arrays are cut, shorter ones padded. None is the
            longest array's. Ignored without a time axis.

    Returns:
        The batch, and its bool mask: `(batch, time)` with a time axis, `(batch, features)` for an
        input with fields (tabular), else `(batch,)`.

    Raises:
        DataError: an array has another shape than the modality's.
    """
    known = [array for array in arrays if array is not None]
    shape = _shape(modality, known)
    if not modality.has_time:
        return _collate_fixed(modality, arrays, shape)
    if length is None:
        length = max([1, *map(len, known)])
    batch = np.zeros((len(arrays), length, *shape[1:]), modality.dtype)
    mask = np.zeros((len(arrays), length), bool)
    for row, array in enumerate(arrays):
        if array is None:
            continue
        kept = array[:length]
        _match(kept.shape[1:], shape[1:])
        batch[row, : len(kept)] = kept
        mask[row, : len(kept)] = True
    if modality.has_gaps:
        empty = np.isnan(batch) if np.issubdtype(batch.dtype, np.floating) else batch == 0
        gaps = empty.all(axis=tuple(range(2, batch.ndim)))  # (batch, time)
        batch[gaps] = 0
        mask &= ~gaps
    return batch, mask


def collate_targets(
    target: Target, values: Sequence[np.ndarray | None], length: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Joins encoded targets.

    Args:
        target: Target that encoded them.
        values: list of what its `encode` returned, None where the target is unknown or the row only
            fills the batch.
        length: int, steps of the result for targets with a time axis; None is the longest one's.

    Returns:
        targets `(batch, ...)`, zeros (or the target's `padding`) where unknown, and weights, bool:
        `(batch, time)` with a time axis, else `(batch,)`, True where the loss counts.
    """
    known = [np.asarray(value) for value in values if value is not None]
    if not target.has_time:
        batch = np.zeros((len(values), *target.shape), target.dtype)
        weights = np.array([value is not None for value in values], bool)
        for row, value in enumerate(values):
            if value is not None:
                batch[row] = value
        return batch, weights
    if length is None:
        length = max([1, *map(len, known)])
    numbers = np.issubdtype(target.dtype, np.floating)
    gap = np.nan if numbers else -1  # a step without a target
    batch = np.full((len(values), length), gap, target.dtype)
    for row, value in enumerate(values):
        if value is not None:
            kept = np.asarray(value)[:length]
            batch[row, : len(kept)] = kept
    weights = known_steps(batch)
    batch[~weights] = target.padding
    return batch, weights


def known_steps(encoded: np.ndarray) -> np.ndarray:
    """Returns where steps have a target: classes from 0, or numbers."""
    if np.issubdtype(encoded.dtype, np.floating):
        return ~np.isnan(encoded)
    return encoded >= 0


def _collate_fixed(
    modality: Modality, arrays: Sequence[np.ndarray | None], shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    batch = np.zeros((len(arrays), *shape), modality.dtype)
    mask = np.zeros(batch.shape if modality.has_fields else len(arrays), bool)
    for row, array in enumerate(arrays):
        if array is not None:
            _match(array.shape, shape)
            batch[row] = array
            mask[row] = True
    if modality.has_fields:
        missing = np.isnan(batch)
        batch[missing] = 0
        mask &= ~missing
    return batch, mask


def _shape(modality: Modality, known: list[np.ndarray]) -> tuple[int, ...]:
    """Returns the modality's shape, unknown sides (before `fit`) taken from the first array."""
    seen = known[0].shape if known else (1,) * len(modality.shape)
    pairs = zip(modality.shape, seen, strict=True)
    return tuple(side if declared is None else declared for declared, side in pairs)


def _match(got: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if got != expected:
        raise DataError(
            f"has shape {got} after preprocessing, expected {expected}.",
            "Give every row the same shape, or set size in the recipe.",
            reason="wrong_shape",
        )
