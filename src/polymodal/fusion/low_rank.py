"""Fusion by products of all modalities, with weights of low rank."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.vector_fusion import VectorFusion

__all__ = ["LowRankFusion"]


class LowRankFusion(VectorFusion):
    """Multiplies linear projections of all modalities: a low-rank form of the tensor fusion.

    A 1 is appended to each vector, so that the product also contains the terms of one modality or
    any subset. Its weight starts at 1, a factor that changes nothing.

    Args:
        dim: int, width of the streams and of the result.
        rank: int, number of products that are summed.
        stepwise: bool, fuse step by step and keep the time axis, instead of pooling first.
        align: str, with `stepwise`: "steps" (step i belongs to step i) or "stretch".
        pooling: str, "mean", "max", "attention" or "guided" (by the other streams): how a
            stream is pooled to a vector.
        dropout: float, rate on the vectors and in the feed-forward part.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}.

    Returns:
        (tokens (batch, 1, dim), mask (batch, 1)); with `stepwise` time instead of 1.

    Raises:
        RecipeError: a rank below 1.

    Source: Liu et al. 2018, https://arxiv.org/abs/1806.00064, equation 6.
    """

    def __init__(
        self,
        dim: int,
        rank: int = 4,
        stepwise: bool = False,
        align: str = "steps",
        pooling: str = "attention",
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(dim, stepwise, align, pooling, dropout, **kwargs)
        if rank < 1:
            raise RecipeError(f"LowRankFusion needs rank >= 1. Got {rank}. Try 4.")
        self.rank = rank

    def build_fuse(self, num_modalities):
        self.factors = {
            name: keras.layers.Dense(
                self.rank * self.dim, bias_initializer="ones", dtype=self.dtype_policy
            )
            for name in self.names
        }
        for factor in self.factors.values():
            factor.build((None, self.dim))
        self.rank_weights = self.add_weight(
            name="rank_weights",
            shape=(self.rank, 1),
            initializer=keras.initializers.Constant(1 / self.rank),
        )
        self.bias = self.add_weight(name="bias", shape=(self.dim,), initializer="zeros")

    def fuse(self, vectors, presence):
        product = None
        for i, name in enumerate(self.names):
            factor = self.factors[name](vectors[..., i, :])
            product = factor if product is None else product * factor
        terms = ops.stack(ops.split(product, self.rank, axis=-1), axis=-2)  # (..., rank, dim)
        weights = ops.cast(self.rank_weights, terms.dtype)
        return ops.sum(terms * weights, axis=-2) + ops.cast(self.bias, terms.dtype)
