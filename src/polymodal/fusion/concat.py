"""Fusion by concatenation: simple and hard to beat."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.vector_fusion import VectorFusion

__all__ = ["ConcatFusion"]


class ConcatFusion(VectorFusion):
    """Concatenates the vectors of all modalities and mixes them with a small network.

    A learned vector replaces a missing modality.

    Args:
        dim: int, width of the streams and of the result.
        stepwise: bool, fuse step by step and keep the time axis, instead of pooling first.
        align: str, with `stepwise`: "steps" (step i belongs to step i) or "stretch".
        pooling: str, "mean", "max", "attention" or "guided" (by the other streams): how a
            stream is pooled to a vector.
        dropout: float, rate on the vectors and inside the network.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}.

    Returns:
        (tokens (batch, 1, dim), mask (batch, 1)); with `stepwise` time instead of 1.
    """

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
        self.mix = keras.layers.Dense(self.dim, dtype=self.dtype_policy)
        self.mix.build((None, num_modalities * self.dim))

    def fuse(self, vectors, presence):
        joined = ops.concatenate(ops.unstack(vectors, len(self.names), axis=-2), axis=-1)
        return self.mix(joined)  # (..., dim)
