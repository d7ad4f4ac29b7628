"""What attention prefers by the distance of two tokens: a bias for each bucket of distances."""

from __future__ import annotations

import math

import numpy as np
from keras import ops

__all__ = ["preference"]


def preference(table, time, farthest: int):
    """Returns what each head adds to the score of two tokens, float32 (1, heads, time, time).

    Args:
        table: (buckets, heads); the first half of the buckets is of keys before the query.
        time: tokens.
        farthest: int, tokens; pairs that are farther apart share one bucket.

    Source: Raffel et al., "Exploring the limits of transfer learning", 2020, section 2.1.
    """
    num_buckets = int(table.shape[0])
    steps = ops.arange(time, dtype="int32")
    apart = ops.expand_dims(steps, 1) - ops.expand_dims(steps, 0)  # (query, key)
    distance = ops.minimum(ops.abs(apart), farthest)
    bucket = ops.take(ops.convert_to_tensor(buckets(num_buckets, farthest)), distance, axis=0)
    bucket = bucket + ops.cast(apart < 0, "int32") * (num_buckets // 2)
    found = ops.take(ops.convert_to_tensor(table), bucket, axis=0)  # (query, key, heads)
    return ops.cast(ops.transpose(found, (2, 0, 1)), "float32")[None]


def buckets(num_buckets: int, farthest: int) -> np.ndarray:
    """Returns which bias a distance takes, int32 (distances,): half of them for each direction."""
    half = num_buckets // 2
    exact = half // 2  # distances that have a bias of their own
    distance = np.arange(farthest + 1, dtype=np.float32)
    logarithm = np.log(np.maximum(distance, 1) / np.float32(exact))
    share = logarithm / np.float32(math.log(farthest / exact)) * np.float32(half - exact)
    far = np.minimum((np.float32(exact) + share).astype(np.int32), half - 1)
    return np.where(distance < exact, distance.astype(np.int32), far).astype(np.int32)
