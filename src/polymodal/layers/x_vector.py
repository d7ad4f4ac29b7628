"""One vector for the voice in a recording."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.dense import Dense
from polymodal.layers.masks import fit_mask, hide

__all__ = ["XVector"]


class XVector(keras.layers.Layer):
    """Makes one vector of tokens: dilated layers over time, then mean and deviation of these.

    Args:
        filters: list of [channels, kernel, dilation], one for each layer.
        width: int, of the vector.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time), real tokens first.

    Returns:
        (batch, width); zeros where nothing is real.

    Raises:
        RecipeError: filters of another form.

    Source: Snyder et al., "X-vectors: robust DNN embeddings for speaker recognition", 2018, in the
    form of transformers.
    """

    def __init__(self, filters: list, width: int, **kwargs):
        super().__init__(**kwargs)
        fine = filters and all(
            isinstance(one, list | tuple)
            and len(one) == 3
            and all(type(number) is int and number > 0 for number in one)
            for one in filters
        )
        if not fine:
            raise RecipeError(
                "XVector needs filters as a list of [channels, kernel, dilation], "
                f"whole numbers from 1. Got {filters}."
            )
        policy = self.dtype_policy
        self.filters = [tuple(one) for one in filters]
        self.project = Dense(self.filters[0][0], dtype=policy)
        self.frames = [
            Dense(channels, activation="relu", dtype=policy) for channels, *_ in self.filters
        ]
        self.vector = Dense(width, dtype=policy)

    def build(self, tokens_shape):
        self.project.build(tokens_shape)
        before = self.filters[0][0]
        for layer, (channels, kernel, _) in zip(self.frames, self.filters, strict=True):
            layer.build((None, None, before * kernel))
            before = channels
        self.vector.build((None, None, 2 * before))
        self.built = True

    def call(self, tokens, mask):
        some = ops.any(mask, axis=1)
        tokens = self.project(tokens)
        for layer, (_, kernel, dilation) in zip(self.frames, self.filters, strict=True):
            tokens, mask = _windows(tokens, mask, kernel, dilation)
            tokens = layer(tokens)
        vectors = self.vector(_moments(tokens, mask)[:, None])[:, 0]
        return hide(vectors, some)


def _windows(tokens, mask, kernel, dilation):
    """Returns each token with those behind it, (batch, time, kernel * dim), and which see real ones
    alone; of a sound that is shorter than a window, the first."""
    reach, time = (kernel - 1) * dilation, ops.shape(tokens)[1]
    if not reach:
        return tokens, mask
    tokens = ops.pad(hide(tokens, mask), ((0, 0), (0, reach), (0, 0)))
    behind = ops.pad(mask, ((0, 0), (0, reach)))[:, reach:]
    is_first = ops.arange(time, dtype="int32") == 0
    behind = ops.logical_or(behind, ops.logical_and(is_first, mask[:, :1]))
    steps = [tokens[:, place * dilation : time + place * dilation] for place in range(kernel)]
    return ops.concatenate(steps, axis=-1), behind


def _moments(tokens, mask):
    """Returns mean and deviation over real tokens, (batch, 2 * dim)."""
    values, real = ops.cast(tokens, "float32"), ops.cast(fit_mask(mask, tokens), "float32")
    count = ops.sum(real, axis=1, keepdims=True)
    mean = ops.sum(values * real, axis=1, keepdims=True) / ops.maximum(count, 1.0)
    spread = ops.sum(ops.square(values - mean) * real, axis=1) / ops.maximum(count[:, 0] - 1.0, 1.0)
    # A deviation of 0 has no gradient.
    deviation = ops.sqrt(ops.maximum(spread, 1e-12))
    return ops.cast(ops.concatenate([mean[:, 0], deviation], axis=-1), tokens.dtype)
