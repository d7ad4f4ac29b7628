"""From the tokens of a text to one vector, as published sentence encoders do it."""

from __future__ import annotations

from keras import ops

from polymodal.layers.masks import hide
from polymodal.layers.pooling import pool_max, pool_mean

__all__ = ["POOLINGS", "normalised", "pooled"]

POOLINGS = ("none", "first", "mean", "max", "mean_sqrt_length")


def pooled(tokens, mask, pooling: str):
    """Returns one vector for each text, (batch, dim).

    Args:
        tokens: (batch, time, dim).
        mask: bool (batch, time).
        pooling: str, one of POOLINGS but "none": the "first" real token, the "mean" or "max" of all
            real ones, or their sum divided by the root of their number.
    """
    if pooling == "mean":
        return pool_mean(tokens, mask)
    if pooling == "max":
        return pool_max(tokens, mask)
    if pooling == "first":
        first = ops.argmax(ops.cast(mask, "int32"), axis=1)
        picked = ops.take_along_axis(tokens, ops.expand_dims(ops.expand_dims(first, 1), 2), axis=1)
        return hide(ops.squeeze(picked, 1), ops.any(mask, axis=1))
    total = ops.sum(ops.cast(hide(tokens, mask), "float32"), axis=1)
    count = ops.sum(ops.cast(mask, "float32"), axis=1, keepdims=True)
    return ops.cast(total / ops.sqrt(ops.maximum(count, 1.0)), tokens.dtype)


def normalised(vectors):
    """Returns vectors of length 1, (batch, dim); zeros stay zeros."""
    exact = ops.cast(vectors, "float32")
    length = ops.sqrt(ops.sum(ops.square(exact), axis=-1, keepdims=True))
    return ops.cast(exact / ops.maximum(length, 1e-12), vectors.dtype)
