"""Which words a text about the inputs will have, read from each place of them by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from polymodal.layers.losses import BinaryCrossEntropy
from polymodal.layers.masks import hide

__all__ = ["WordSpotter"]

_NOWHERE = -1e9


class WordSpotter(keras.layers.Layer):
    """Says for words, and pairs of words, whether a text has them, from the best place for each.

    A decoder alone learns slowly what things look like: a sentence blames the whole picture for
    each of its words. Here every place answers for itself, so that what a word means is found
    where it is seen; the decoder then finds it there.

    Args:
        spots: sequence of {"ids": one id or two that follow each other, "share": part of the rows
            whose texts have them}.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).

    Returns:
        float32 logits (batch, spots).

    Source: words learned from captions by many places of which one must show them, Fang et al.,
    "From captions to visual concepts and back", 2015, section 3.

    Example:

    >>> spotter = WordSpotter([{"ids": [3], "share": 0.5}, {"ids": [3, 1], "share": 0.1}])
    >>> tuple(spotter(ops.ones((2, 4, 8)), ops.ones((2, 4), bool)).shape)
    (2, 2)
    """

    def __init__(self, spots: Sequence[dict[str, Any]], **kwargs):
        super().__init__(**kwargs)
        self.first = np.array([spot["ids"][0] for spot in spots], np.int32)
        self.second = np.array([[*spot["ids"], -1][1] for spot in spots], np.int32)
        share = np.clip([spot["share"] for spot in spots], 1e-4, 1 - 1e-4)
        self.usual = np.log(share / (1 - share)).astype("float32")
        self.cross_entropy = BinaryCrossEntropy(reduction=None)

    def build(self, tokens_shape):
        self.kernel = self.add_weight(name="kernel", shape=(tokens_shape[-1], len(self.usual)))
        self.bias = self.add_weight(
            name="bias", shape=(len(self.usual),), autocast=False,
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(self.usual, dtype))
        self.built = True

    def call(self, tokens, mask):
        found = ops.matmul(hide(tokens, mask), ops.cast(self.kernel, tokens.dtype))
        there = mask[..., None]
        found = ops.where(there, ops.cast(found, "float32"), _NOWHERE)
        count = ops.maximum(ops.sum(ops.cast(there, "float32"), axis=1), 1.0)
        return ops.logsumexp(found, axis=1) - ops.log(count) + self.bias

    def loss(self, targets, logits, weights):
        """Returns the weighted sum over rows of the cross-entropy, which is summed over the spots.

        Args:
            targets: int32 (batch, time), ids of one text, or of several behind each other.
            logits: (batch, spots), what `call` returned.
            weights: float (batch, time), 0 where there is no target. Those of a row together weigh
                it.
        """
        targets = ops.where(weights > 0, ops.cast(targets, "int32"), -1)
        behind = ops.concatenate([targets[:, 1:], ops.full_like(targets[:, :1], -1)], axis=1)
        same = ops.equal(targets[..., None], self.first)
        follows = ops.logical_or(self.second < 0, ops.equal(behind[..., None], self.second))
        said = ops.any(ops.logical_and(same, follows), axis=1)  # (batch, spots)
        losses = self.cross_entropy(said, logits) * len(self.usual)
        return ops.sum(losses * ops.sum(ops.cast(weights, "float32"), axis=1))
