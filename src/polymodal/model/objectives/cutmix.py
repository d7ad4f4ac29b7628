"""CutMix: a part of each row is replaced by that of another, and its label in proportion."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from polymodal.model.objectives._mixing import Mixing, other

__all__ = ["CutMix"]


class CutMix(Mixing):
    """Trains on rows of which a part is another row's, labels in proportion, against overfitting.

    Of a picture the part is a box; of sound, video and words a span of time; of columns and vectors
    some of them. It needs one answer for each row; else it changes nothing.

    Args:
        weight: float, 1, or 0 to do without.
        rows: float in 0..1, share of the rows that are mixed.
        seed: int.

    Source: Yun et al. 2019, "CutMix: Regularization strategy to train strong classifiers with
    localizable features", equation 1; the span in time as the masks of Park et al. 2019,
    "SpecAugment", filled with another sound. The share is sampled evenly up to a half.
    """

    def _mixed(self, array: Any, mask: Any, share: Any) -> tuple[Any, Any]:
        if len(array.shape) == 4 and len(mask.shape) == 1:
            return self._boxed(array, share), mask
        if len(mask.shape) == 2 and (len(array.shape) > 2 or "int" in str(array.dtype)):
            return self._spanned(array, mask, share), mask
        return self._swapped(array, mask, share)

    def _uniform(self, shape: Any) -> Any:
        return keras.random.uniform(shape, seed=self.seed_generator)

    def _boxed(self, array: Any, share: Any) -> Any:
        """Returns pictures (batch, height, width, channels) with a box of others."""
        inside = ops.ones((1, 1, 1, 1), "bool")
        for axis in (1, 2):
            size = ops.sqrt(share) * array.shape[axis]  # (batch,)
            first = self._uniform(ops.shape(share)) * (array.shape[axis] - size)
            places = ops.cast(ops.arange(array.shape[axis]), "float32") + 0.5
            within = _between(places[None], first, size)
            shape = (-1, array.shape[axis], 1, 1) if axis == 1 else (-1, 1, array.shape[axis], 1)
            inside = ops.logical_and(inside, ops.reshape(within, shape))
        return ops.where(inside, other(array), array)

    def _spanned(self, array: Any, mask: Any, share: Any) -> Any:
        """Returns sequences (batch, time, ...) with a span of others, as long as its share of the
        row's own steps; the other's steps are those at the same share of its length."""
        length = ops.sum(ops.cast(mask, "float32"), axis=1)  # (batch,)
        size = share * length
        first = self._uniform(ops.shape(share)) * (length - size)
        steps = ops.cast(ops.arange(ops.shape(mask)[1]), "float32")[None]
        inside = ops.logical_and(_between(steps + 0.5, first, size), mask)
        scale = other(length) / ops.maximum(length, 1.0)
        places = ops.cast(ops.floor(steps * scale[:, None]), "int32")
        places = ops.clip(places, 0, ops.shape(mask)[1] - 1)  # (batch, time)
        more = [1] * (len(array.shape) - 2)
        taken = ops.take_along_axis(
            other(array),
            ops.broadcast_to(
                ops.reshape(places, (-1, ops.shape(mask)[1], *more)), ops.shape(array)
            ),
            axis=1,
        )
        return ops.where(ops.reshape(inside, (-1, ops.shape(mask)[1], *more)), taken, array)

    def _swapped(self, array: Any, mask: Any, share: Any) -> tuple[Any, Any]:
        """Returns columns or vectors (batch, features), some of them of others."""
        gone = self._uniform(ops.shape(array)) < ops.reshape(
            share, (-1, *[1] * (len(array.shape) - 1))
        )
        changed = ops.where(gone, other(array), array)
        if len(mask.shape) == 1:
            return changed, mask
        return changed, ops.where(gone, other(mask), mask)


def _between(places: Any, first: Any, size: Any) -> Any:
    """Returns (batch, places) bool, which places are within a span of each row."""
    return ops.logical_and(places >= first[:, None], places < (first + size)[:, None])
