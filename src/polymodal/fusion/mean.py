"""Fusion by the mean: for vectors that can be compared as they are."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.masks import hide
from polymodal.layers.modality_dropout import present
from polymodal.layers.parts import Fusion
from polymodal.layers.pooling import pool_mean
from polymodal.layers.vector_fusion import check_streams

__all__ = ["MeanFusion"]


class MeanFusion(Fusion):
    """Averages the vectors of the modalities that a row has. Nothing is learned.

    One modality alone stays as its encoder gave it, which the vectors of an imported pair need.

    Args:
        dim: int, width of the streams and of the result.
        dropout: float, rate on the average.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}.

    Returns:
        (tokens (batch, 1, dim), mask (batch, 1)).

    Raises:
        RecipeError: a stream of another width.
    """

    stepwise = False

    def __init__(self, dim: int, dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)

    def build(self, streams_shape):
        self.names = check_streams(type(self).__name__, streams_shape, self.dim)
        self.built = True

    def call(self, streams, training=None):
        vectors = [pool_mean(*streams[name]) for name in self.names]
        there = [present(streams[name][1]) for name in self.names]
        tokens, mask = ops.stack(vectors, axis=1), ops.stack(there, axis=1)  # (batch, streams, dim)
        some = ops.any(mask, axis=1, keepdims=True)
        average = self.drop(pool_mean(tokens, mask), training=training)
        return hide(average[:, None], some), some

    def pools_first(self, name):
        return True

    def pooled(self, name, tokens, mask):
        return pool_mean(tokens, mask)[:, None], present(mask)[:, None]
