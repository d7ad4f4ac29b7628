"""Passes a loader's batches to Keras' `fit`, from any step on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from polymodal.core.contracts.batch import MASK_SUFFIX, PLACES, PREVIOUS, mask_key

_AHEAD = 4  # batches that TensorFlow keeps ready


class Feed:
    """The batches of a loader in the form that `fit` takes fastest on the engine in use.

    On TensorFlow one `tf.data` pipeline serves every epoch (a new one costs 50 ms), and time axes
    of bucketed loaders are declared unknown from the start: left to itself TensorFlow would
    specialise on whatever shape comes first, which differs after a resume.

    Args:
        loader: object with `epoch(epoch, start_step)`, `steps(epoch)` and perhaps a `plan`.
    """

    def __init__(self, loader: Any):
        self.loader = loader
        self.error: Exception | None = None  # TensorFlow replaces errors from other threads
        self._position = (0, 0)
        self._dataset = self._tf_dataset() if keras.backend.backend() == "tensorflow" else None

    def epoch(self, epoch: int, start_step: int = 0) -> Any:
        """Returns what `fit(x=...)` takes for the steps of `epoch` from `start_step` on."""
        self._position = (epoch, start_step)
        if self._dataset is None:
            return self._batches()
        return self._dataset

    def _batches(self) -> Iterator[tuple]:
        try:
            yield from self.loader.epoch(*self._position)
        except Exception as error:
            self.error = error
            raise

    def _tf_dataset(self) -> Any:
        import tensorflow as tf

        spec = batch_spec(
            first_batch(self.loader), has_buckets(self.loader), has_sizes(self.loader)
        )
        signature = tf.nest.map_structure(
            lambda s: tf.TensorSpec(s.shape, s.dtype),
            spec,
        )
        dataset = tf.data.Dataset.from_generator(self._batches, output_signature=signature)
        options = tf.data.Options()
        # Its thread sleeps for 10 ms, then twice as long each time, and may miss that the epoch is
        # over: the end of an epoch then waits 5 or 10 s for it. There is nothing to tune here.
        options.autotune.enabled = False
        return dataset.prefetch(_AHEAD).with_options(options)


def first_batch(loader: Any) -> tuple:
    """Returns the first batch of the first epoch, whatever the position of the run."""
    return next(iter(loader.epoch(0, 0)))


def has_buckets(loader: Any) -> bool:
    """Returns whether batches of the loader may differ in length."""
    edges = getattr(getattr(loader, "plan", None), "edges", None)
    return edges is None or any(len(column) > 1 for column in edges)


def has_sizes(loader: Any) -> bool:
    """Returns whether batches of the loader may differ in their number of rows."""
    return len(getattr(getattr(loader, "plan", None), "batch_sizes", ())) > 1


def batch_spec(batch: tuple, varies: bool, rows_vary: bool = False) -> tuple:
    """Returns the batch with a KerasTensor for each array, None on axes whose length varies."""
    inputs, targets, weights = batch
    stepwise = np.ndim(weights) == 2
    spec = lambda array, timed: _spec(array, varies and timed, rows_vary)
    return (
        {key: spec(array, _has_time(key, inputs)) for key, array in inputs.items()},
        spec(targets, stepwise),
        spec(weights, stepwise),
    )


def _has_time(key: str, inputs: dict[str, Any]) -> bool:
    """Tabular inputs have a (batch, features) mask as well, but no axis that varies."""
    owner = key.removesuffix(MASK_SUFFIX)
    if owner in (PREVIOUS, PLACES):
        return True
    array, mask = inputs[owner], inputs.get(mask_key(owner))
    whole = np.issubdtype(array.dtype, np.integer)
    return mask is not None and mask.ndim == 2 and (array.ndim > 2 or whole)


def _spec(array: Any, varies: bool, rows_vary: bool) -> Any:
    shape = list(array.shape)
    if rows_vary:
        shape[0] = None
    if varies and len(shape) > 1:
        shape[1] = None
    return keras.KerasTensor(shape, dtype=keras.backend.standardize_dtype(array.dtype))
