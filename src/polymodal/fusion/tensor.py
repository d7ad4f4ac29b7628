"""Fusion by the tensor of all products of all modalities."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.vector_fusion import VectorFusion

__all__ = ["TensorFusion"]

MAX_PRODUCTS = 1024


class TensorFusion(VectorFusion):
    """Computes every product of features across the modalities and projects the result.

    A 1 is appended to each vector, so products of fewer modalities, down to single features, are
    among them.

    Args:
        dim: int, width of the streams and of the result.
        factor_dim: int, width to which a vector is reduced before the products, which number
            `(factor_dim + 1) ** modalities`; None for the largest that gives at most 1024.
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
        RecipeError: more modalities than the products allow, or a width below 1.

    Source: Zadeh et al. 2017, https://arxiv.org/abs/1707.07250, section 4.2. Here the vectors are
    reduced first, so what each says alone is also added at its full width.
    """

    def __init__(
        self,
        dim: int,
        factor_dim: int | None = None,
        stepwise: bool = False,
        align: str = "steps",
        pooling: str = "attention",
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(dim, stepwise, align, pooling, dropout, **kwargs)
        if factor_dim is not None and factor_dim < 1:
            raise RecipeError(
                f"TensorFusion needs factor_dim >= 1. Got {factor_dim}. Leave it out to derive it."
            )
        self.factor_dim = factor_dim

    def build_fuse(self, num_modalities):
        width = self.factor_dim or largest_width(num_modalities)
        self.reductions = {
            name: keras.layers.Dense(width, dtype=self.dtype_policy) for name in self.names
        }
        for reduction in self.reductions.values():
            reduction.build((None, self.dim))
        self.read = keras.layers.Dense(self.dim, dtype=self.dtype_policy)
        self.read.build((None, (width + 1) ** num_modalities))
        self.alone = keras.layers.Dense(self.dim, use_bias=False, dtype=self.dtype_policy)
        self.alone.build((None, num_modalities * self.dim))

    def fuse(self, vectors, presence):
        parts = ops.unstack(vectors, len(self.names), axis=-2)
        products = None
        for name, part in zip(self.names, parts, strict=True):
            reduced = self.reductions[name](part)
            factor = ops.concatenate([reduced, ops.ones_like(reduced[..., :1])], axis=-1)
            if products is None:
                products = factor
            else:
                products = _outer(products, factor)
        return self.read(products) + self.alone(ops.concatenate(parts, axis=-1))


def largest_width(num_modalities):
    """Returns the largest width whose products number at most 1024, and at least 1.

    Raises:
        RecipeError: even width 1 gives more.
    """
    width = int(MAX_PRODUCTS ** (1 / num_modalities) + 1e-9) - 1
    if width < 1:
        raise RecipeError(
            f"TensorFusion needs at most 10 inputs. Got {num_modalities}, whose products number "
            f"more than {MAX_PRODUCTS}. Use fusion: low_rank."
        )
    return min(width, 64)


def _outer(products, factor):
    """Returns (..., a * b): every product of (..., a) with (..., b)."""
    pairs = products[..., :, None] * factor[..., None, :]
    return ops.reshape(pairs, (*ops.shape(products)[:-1], products.shape[-1] * factor.shape[-1]))
