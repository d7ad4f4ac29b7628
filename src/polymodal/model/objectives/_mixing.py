"""What objectives share that mix each row of a batch with its neighbour, and their labels alike."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from polymodal.core.contracts.batch import mask_key
from polymodal.core.errors import RecipeError
from polymodal.model.objective import ObjectiveLayer

__all__ = ["Mixing", "other", "toward_other"]

_MOST = 0.5  # of another row: its own label always weighs most


def other(tensor: Any) -> Any:
    """Returns a batch in which each row is its neighbour."""
    return ops.roll(tensor, 1, axis=0)


def toward_other(loss: Any, targets: Any, logits: Any, weights: Any, share: Any) -> Any:
    """Returns what the loss of mixed rows is more than that of their own targets.

    Args:
        loss: of (targets, logits, sample_weight).
        targets: (batch, ...), of which each row's neighbour is the one before.
        logits: (batch, ...).
        weights: float (batch,) or None.
        share: float (batch,), of the neighbour.
    """
    if weights is None:
        weights = ops.ones_like(share)
    added = loss(other(targets), logits, sample_weight=other(weights) * share)
    return added - loss(targets, logits, sample_weight=weights * share)


class Mixing(ObjectiveLayer):
    """Mixes each row with its neighbour in the batch, and its loss with that of the other's target.

    The share of the other row is sampled for each row, evenly from 0 to a half. Rows are mixed only
    with rows that have the same inputs, so that a missing input stays missing. As an objective it
    adds (1 - share) * own loss + share * the other's, less the own loss that is counted already.

    Args:
        weight: float, 1, or 0 to do without.
        rows: float in 0..1, share of the rows that are mixed.
        seed: int.

    Raises:
        RecipeError: another weight, or a share out of range.
    """

    def __init__(self, weight: float = 1.0, rows: float = 0.5, seed: int = 0, **kwargs: Any):
        if weight not in (0, 1):
            raise RecipeError(
                f"{type(self).__name__} needs weight 1, or 0 to do without. Got "
                f"{weight}. Change rows to mix fewer."
            )
        if not 0 < rows <= 1:
            raise RecipeError(f"{type(self).__name__} needs 0 < rows <= 1. Got {rows}. Try 0.5.")
        super().__init__(weight, **kwargs)
        self.rows = rows
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.keys: dict[str, str] = {}
        self.share: Any = None  # of the neighbour in each row, during a step
        self.built = True  # it has no variables of its own

    def fits(self, model: Any) -> bool:
        return super().fits(model) and model.answers_rows

    def attach(self, model: Any) -> None:
        self.keys = dict(model.keys)

    def inputs(self, batch: dict[str, Any]) -> dict[str, Any]:
        masks = [batch[mask_key(key)] for key in self.keys.values()]
        if any(f"{key}_item" in batch for key in self.keys.values()):
            self.share = None  # rows of one image, which is encoded once
            return batch
        self.share = self._drawn(masks)
        changed = dict(batch)
        for key in self.keys.values():
            array, mask = self._mixed(batch[key], batch[mask_key(key)], self.share)
            changed[key], changed[mask_key(key)] = array, mask
        return changed

    def split(self, streams: Any, outputs: Any) -> tuple[Any, Any]:
        share, self.share = self.share, None  # not kept beyond the step that it was made in
        if share is None:
            return outputs, None
        own = outputs[: ops.shape(share)[0]]  # of an objective before, copies of the rows follow
        return outputs, (own, share)

    def loss(self, targets: Any, found: Any, weights: Any, loss: Any) -> Any:
        logits, share = found
        return toward_other(loss, targets, logits, weights, share)

    def _mixed(self, array: Any, mask: Any, share: Any) -> tuple[Any, Any]:
        """Returns an input and its mask, mixed by `share` (batch,) of the neighbour."""
        return array, mask

    def _drawn(self, masks: list[Any]) -> Any:
        """Returns the share of the neighbour in each row, (batch,) float32; 0 where it has other
        inputs."""
        there = ops.stack([_any(mask) for mask in masks], axis=1)  # (batch, inputs)
        alike = ops.logical_and(
            ops.all(ops.equal(there, other(there)), axis=1), ops.any(there, axis=1)
        )
        count = ops.shape(there)[0]
        share = keras.random.uniform((count,), 0, _MOST, seed=self.seed_generator)
        chosen = keras.random.uniform((count,), seed=self.seed_generator) < self.rows
        return ops.where(ops.logical_and(alike, chosen), share, 0.0)


def _any(mask: Any) -> Any:
    if len(mask.shape) > 1:
        return ops.any(mask, axis=tuple(range(1, len(mask.shape))))
    return mask
