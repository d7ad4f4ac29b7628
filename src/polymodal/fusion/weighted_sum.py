"""Fusion by a sum with one learned weight per modality."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.vector_fusion import VectorFusion, masked_softmax

__all__ = ["WeightedSumFusion"]


class WeightedSumFusion(VectorFusion):
    """Sums the projected vectors, each modality with one learned weight.

    The weights sum to one over the modalities that a row has, so that the others take over the
    share of missing ones.

    Args:
        dim: int, width of the streams and of the result.
        stepwise: bool, fuse step by step and keep the time axis, instead of pooling first.
        align: str, with `stepwise`: "steps" (step i belongs to step i) or "stretch".
        pooling: str, "mean", "max", "attention" or "guided" (by the other streams): how a
            stream is pooled to a vector.
        dropout: float, rate on the vectors and in the feed-forward part.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}.

    Returns:
        (tokens (batch, 1, dim), mask (batch, 1)); with `stepwise` time instead of 1.
    """

    learns_absence = False

    def __init__(
        self,
        dim: int,
        stepwise: bool = False,
        align: str = "steps",
        pooling: str = "attention",
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(dim, stepwise, align, pooling, dropout, **kwargs)

    def build_fuse(self, num_modalities):
        self.scores = self.add_weight(name="scores", shape=(num_modalities,), initializer="zeros")
        self.projections = {
            name: keras.layers.Dense(self.dim, dtype=self.dtype_policy) for name in self.names
        }
        for projection in self.projections.values():
            projection.build((None, self.dim))

    def fuse(self, vectors, presence):
        scores = ops.broadcast_to(self.scores, ops.shape(presence))
        weights = ops.cast(masked_softmax(scores, presence, axis=-1), vectors.dtype)
        parts = [
            self.projections[name](vectors[..., i, :]) * weights[..., i, None]
            for i, name in enumerate(self.names)
        ]
        return sum(parts[1:], parts[0])  # (..., dim)
