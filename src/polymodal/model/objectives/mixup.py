"""Mixup: each row becomes a weighted mean of two, and so does its label."""

from __future__ import annotations

from typing import Any

from keras import ops

from polymodal.core.contracts.objective import Streams
from polymodal.model.objectives._mixing import Mixing, other

__all__ = ["Mixup"]


class Mixup(Mixing):
    """Trains on weighted means of two rows, labels alike, against overfitting.

    Pictures, spectrograms and frames are averaged as they are; words, columns and vectors after
    their encoder. It needs one answer for each row; else it changes nothing.

    Args:
        weight: float, 1, or 0 to do without.
        rows: float in 0..1, share of the rows that are mixed.
        seed: int.

    Source: Zhang et al. 2018, "mixup: Beyond empirical risk minimization", equation 1; words after
    the encoder as in Guo et al. 2019, "Augmenting data with mixup for sentence classification". The
    share is sampled evenly up to a half, not from a beta distribution.
    """

    def inputs(self, batch: dict[str, Any]) -> dict[str, Any]:
        changed = super().inputs(batch)
        self._late = tuple(name for name, key in self.keys.items() if not _is_media(batch[key]))
        return changed

    def views(self, streams: Streams, batch: dict[str, Any]) -> Streams:
        share, found = self.share, dict(streams)
        for name in self._late if share is not None else ():
            found[name] = _mixed_tokens(*streams[name], share)
        return found

    def _mixed(self, array: Any, mask: Any, share: Any) -> tuple[Any, Any]:
        if not _is_media(array):
            return array, mask
        weight = _like(share, array)
        mixed = array * (1 - weight) + other(array) * weight
        return mixed, _either(mask, share) if len(mask.shape) > 1 else mask


def _mixed_tokens(tokens: Any, mask: Any, share: Any) -> tuple[Any, Any]:
    """Returns (tokens, mask) of a batch, mixed; in each of its copies, where an objective before
    has repeated it."""
    count = ops.shape(share)[0]
    copies = ops.reshape(tokens, (-1, count, *ops.shape(tokens)[1:]))
    weight = ops.cast(ops.reshape(share, (1, -1, 1, 1)), tokens.dtype)
    mixed = copies * (1 - weight) + ops.roll(copies, 1, axis=1) * weight
    masks = ops.reshape(mask, (-1, count, ops.shape(mask)[1]))
    either = ops.logical_and(ops.roll(masks, 1, axis=1), ops.reshape(share > 0, (1, -1, 1)))
    return (
        ops.reshape(mixed, ops.shape(tokens)),
        ops.reshape(ops.logical_or(masks, either), ops.shape(mask)),
    )


def _is_media(array: Any) -> bool:
    return len(array.shape) > 2 and "float" in str(array.dtype)


def _like(share: Any, array: Any) -> Any:
    shape = (-1, *[1] * (len(array.shape) - 1))
    return ops.cast(ops.reshape(share, shape), array.dtype)


def _either(mask: Any, share: Any) -> Any:
    """Returns steps that one of the two rows has, where they are mixed."""
    mixed = ops.reshape(share > 0, (-1, *[1] * (len(mask.shape) - 1)))
    return ops.logical_or(mask, ops.logical_and(other(mask), mixed))
