"""Modality dropout: hides whole modalities in training, so that a model copes without each."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.masks import hide

__all__ = ["ModalityDropout", "present"]


class ModalityDropout(keras.layers.Layer):
    """Makes present modalities of a row missing at random, but never all of them.

    A hidden modality becomes exactly what a missing one is, zeros with an all-False mask, so it
    enters no statistic and no sum. Each present modality is hidden with probability `rate`; where
    that would hide all of a row, one of them, sampled uniformly, stays.

    Args:
        rate: float, probability of hiding a present modality, 0 <= rate < 1.
        seed: int, start of the layer's own random numbers.

    Call arguments:
        inputs: {name: (array, mask)}, masks bool with the batch as first axis.

    Returns:
        {name: (array, mask)} of the same shapes.

    Raises:
        RecipeError: the rate is out of range.

    Source: ModDrop, Neverova et al. 2015, https://arxiv.org/abs/1501.00102, section 4; theirs may
    drop every modality.
    """

    def __init__(self, rate=0.0, seed=0, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise RecipeError(
                f"ModalityDropout needs 0 <= rate < 1. Got {rate}. Use 0 to keep all modalities."
            )
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.autocast = False  # passes arrays on as they came

    def build(self, inputs_shape):
        self.built = True

    def call(self, inputs, training=None):
        if not training or not self.rate:
            return {name: tuple(pair) for name, pair in inputs.items()}
        names = sorted(inputs)
        kept = self._kept(ops.stack([present(inputs[name][1]) for name in names], axis=1))
        return {
            name: tuple(hide(tensor, kept[:, i]) for tensor in inputs[name])
            for i, name in enumerate(names)
        }

    def _kept(self, there):
        drawn = keras.random.uniform(ops.shape(there), seed=self.seed_generator)
        drawn = ops.where(there, drawn, -1.0)  # (batch, modalities)
        last = ops.equal(drawn, ops.max(drawn, axis=1, keepdims=True))
        return ops.logical_and(there, ops.logical_or(drawn >= self.rate, last))

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


def present(mask):
    """Returns (batch,) bool: whether anything of the modality is real, for any mask shape."""
    if len(mask.shape) > 1:
        return ops.any(mask, axis=tuple(range(1, len(mask.shape))))
    return mask
