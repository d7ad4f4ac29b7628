"""Fusion by gates: all modalities together weight each one."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.vector_fusion import VectorFusion, masked_softmax

__all__ = ["GatedFusion"]


class GatedFusion(VectorFusion):
    """Weights each modality, feature by feature, with gates computed from all modalities.

    Missing modalities have gates of exactly zero; the gates also see which ones are missing.

    Args:
        dim: int, width of the streams and of the result.
        gates: str, "softmax" (the gates of a feature add up to one over what is present) or
            "sigmoid" (each gate by itself).
        stepwise: bool, fuse step by step and keep the time axis, instead of pooling first.
        align: str, with `stepwise`: "steps" (step i belongs to step i) or "stretch".
        pooling: str, "mean", "max", "attention" or "guided" (by the other streams): how a
            stream is pooled to a vector.
        dropout: float, rate on the vectors and in the feed-forward part.
        activation: str, "tanh", as in the source, or "linear": then nothing
            saturates, and images are learned sooner.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}.

    Returns:
        (tokens (batch, 1, dim), mask (batch, 1)); with `stepwise` time instead of 1.

    Raises:
        RecipeError: unknown kind of gates or activation.

    Source: Arevalo et al. 2017, https://arxiv.org/abs/1702.01992, section 3. Theirs has sigmoid
    gates for more than two modalities; the normalised ones keep the scale when some are missing.
    """

    def __init__(
        self,
        dim: int,
        gates: str = "softmax",
        stepwise: bool = False,
        align: str = "steps",
        pooling: str = "attention",
        dropout: float = 0.1,
        activation: str = "tanh",
        **kwargs,
    ):
        super().__init__(dim, stepwise, align, pooling, dropout, **kwargs)
        if gates not in ("softmax", "sigmoid"):
            raise RecipeError(
                f'GatedFusion needs gates to be softmax or sigmoid. Got "{gates}". '
                "Leave it out for softmax."
            )
        if activation not in ("tanh", "linear"):
            raise RecipeError(
                f'GatedFusion needs activation to be tanh or linear. Got "{activation}". '
                "Leave it out for tanh."
            )
        self.gates, self.activation = gates, activation

    def build_fuse(self, num_modalities):
        policy = self.dtype_policy
        self.contents = {
            name: keras.layers.Dense(self.dim, activation=self.activation, dtype=policy)
            for name in self.names
        }
        for content in self.contents.values():
            content.build((None, self.dim))
        self.gate = None
        if num_modalities > 1 or self.gates == "sigmoid":  # one gate of a softmax is always one
            self.gate = keras.layers.Dense(num_modalities * self.dim, dtype=policy)
            self.gate.build((None, num_modalities * (self.dim + 1)))

    def fuse(self, vectors, presence):
        contents = [self.contents[name](vectors[..., i, :]) for i, name in enumerate(self.names)]
        gates = ops.cast(self._gates(vectors, presence), vectors.dtype)
        return ops.sum(ops.stack(contents, axis=-2) * gates, axis=-2)  # (..., dim)

    def _gates(self, vectors, presence):
        if self.gate is None:
            return ops.cast(presence, vectors.dtype)[..., None]
        parts = ops.unstack(vectors, len(self.names), axis=-2)
        scores = self.gate(ops.concatenate([*parts, ops.cast(presence, vectors.dtype)], axis=-1))
        scores = ops.stack(ops.split(scores, len(self.names), axis=-1), axis=-2)
        if self.gates == "softmax":
            return masked_softmax(scores, presence, axis=-2)  # (..., modalities, dim)
        return ops.sigmoid(scores) * ops.cast(presence, scores.dtype)[..., None]
