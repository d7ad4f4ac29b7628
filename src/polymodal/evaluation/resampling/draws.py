"""Bootstrap resamples: how often each row, or each group of rows, is sampled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.seeds import generator

__all__ = ["counts", "units"]

_CHUNK = 16_000_000  # cells of one block of counts: 128 MB as float64


def units(predictions: Predictions) -> np.ndarray:
    """Returns (n,) the unit of each output: groups if given, else table rows with all steps."""
    if predictions.groups is None:
        source = predictions.rows
    else:
        source = predictions.groups
    return np.unique(source, return_inverse=True)[1]


def counts(unit: np.ndarray, num_samples: int, seed: int) -> Iterator[np.ndarray]:
    """Yields blocks (n, samples) of how often each row is sampled when whole units are."""
    rng, num_units, done = generator(seed), int(unit.max()) + 1, 0
    block = max(1, min(num_samples, _CHUNK // max(len(unit), num_units)))
    while done < num_samples:
        size = min(block, num_samples - done)
        drawn = rng.integers(num_units, size=(size, num_units))
        drawn += np.arange(size)[:, None] * num_units
        times = np.bincount(drawn.ravel(), minlength=size * num_units).reshape(size, num_units)
        yield times.T.astype(np.float64)[unit]  # (n, samples)
        done += size
