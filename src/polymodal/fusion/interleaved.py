"""Fusion for assistants: the tokens of images and sounds at their places among the words."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.dense import Dense
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.parts import Fusion

__all__ = ["InterleavedFusion"]

_KINDS = ("image", "audio", "video")  # ids -1, -2 and -3 are their places
_WORDS = "conversation"


class InterleavedFusion(Fusion):
    """Puts the tokens of each image, sound and video where the conversation has its place.

    A projector first brings them to the width of the decoder. Tokens without a place, and places
    without tokens, count as padding.

    Args:
        dim: int, width of the result.
        projector: str, linear, or mlp: two layers with a GELU between.
        shuffle: int, neighbours down and across that become one token of an image, their features
            concatenated (pixel shuffle); 1 leaves them.
        normalise: bool, whether tokens are normalised before they are projected.

    Call arguments:
        streams: {name: (tokens (batch, time, any dim), mask (batch, time))}; "conversation" has ids
            int32 (batch, time, 1), the others are called image, audio and video.

    Returns:
        (float32 (batch, sum of times, 1 + dim), mask): the id of a word with zeros after it, or -1
        and the token of an image, in the order of the conversation.

    Raises:
        RecipeError: no conversation, an unknown projector, or tokens that are no square grid.

    Source: Liu et al. 2023, "Visual Instruction Tuning" (linear); "Improved Baselines with Visual
    Instruction Tuning" (mlp); Shi et al. 2016, section 2.2, pixel shuffle, here the other way.
    """

    any_width = True

    def __init__(self, dim: int, projector: str = "mlp", shuffle: int = 1,
                 normalise: bool = True, **kwargs):
        super().__init__(**kwargs)
        if projector not in ("linear", "mlp") or shuffle < 1:
            raise RecipeError("InterleavedFusion needs projector linear or mlp and shuffle from 1. "
                              f"Got {projector!r} and {shuffle}. Change them.")
        self.dim, self.projector, self.shuffle = dim, projector, shuffle
        self.normalise = normalise
        self.autocast = False  # ids have to stay exact

    def build(self, streams_shape):
        if _WORDS not in streams_shape:
            raise RecipeError(f"InterleavedFusion needs an input called {_WORDS}. Got "
                              f"{', '.join(sorted(streams_shape))}. Name it so.")
        unknown = sorted(set(streams_shape) - {_WORDS, *_KINDS})
        if unknown:
            raise RecipeError(f"InterleavedFusion needs inputs called {', '.join(_KINDS)}. Got "
                              f"{', '.join(unknown)}. Rename them.")
        self.kinds = [kind for kind in _KINDS if kind in streams_shape]
        self.projectors = {kind: self._made(kind, streams_shape[kind][0][-1])
                           for kind in self.kinds}
        self.built = True

    def _made(self, kind, width):
        if kind == "image":
            width *= self.shuffle**2
        layers = [Dense(self.dim, dtype=self.dtype_policy)]
        if self.normalise:
            layers.insert(0, LayerNorm(dtype=self.dtype_policy))
        if self.projector == "mlp":
            layers += [keras.layers.Activation("gelu", dtype=self.dtype_policy),
                       Dense(self.dim, dtype=self.dtype_policy)]
        shape = (None, None, width)
        for layer in layers:
            layer.build(shape)
            if isinstance(layer, Dense):
                shape = (None, None, self.dim)
        return layers

    def call(self, streams, training=None):
        ids, real = streams[_WORDS]
        ids = ops.cast(ids[..., 0], "int32")  # (batch, time)
        words = ops.cast(ops.maximum(ids, -1), "float32")[..., None]
        parts = [ops.pad(words, ((0, 0), (0, 0), (0, self.dim)))]  # (batch, time, 1 + dim)
        masks, far = [ops.logical_and(real, ids >= 0)], self._length(streams)
        keys = [ops.zeros_like(ids) + far * _steps(ids)[None]]
        for kind in self.kinds:
            tokens, mask, key = self._placed(kind, streams[kind], ids, real, far)
            parts.append(tokens)
            masks.append(mask)
            keys.append(key)
        tokens, mask, key = (ops.concatenate(one, axis=1) for one in (parts, masks, keys))
        order = ops.argsort(key, axis=1)
        tokens = ops.take_along_axis(tokens, order[..., None], axis=1)
        return tokens, ops.take_along_axis(mask, order, axis=1)

    def _length(self, streams):
        """Returns more than the tokens of all inputs that are no words."""
        return 2 + sum(ops.shape(streams[kind][0])[1] for kind in self.kinds)

    def _placed(self, kind, stream, ids, real, far):
        """Returns projected tokens (batch, time, 1 + dim), their mask, and what they are sorted
        by."""
        tokens, mask = stream
        if kind == "image" and self.shuffle > 1:
            tokens, mask = _shuffled(tokens, mask, self.shuffle)
        tokens = hide(tokens, mask)
        for layer in self.projectors[kind]:
            tokens = layer(tokens)
        tokens = ops.cast(hide(tokens, mask), "float32")
        tokens = ops.concatenate([ops.zeros_like(tokens[..., :1]) - 1.0, tokens], axis=-1)
        here = ops.logical_and(real, ids == -1 - _KINDS.index(kind))  # (batch, time)
        place = ops.max(ops.where(here, _steps(ids)[None], -1), axis=1, keepdims=True)
        key = far * place + 1 + _steps(mask)[None]
        return tokens, ops.logical_and(mask, place >= 0), key


def _steps(tensor):
    return ops.arange(ops.shape(tensor)[1], dtype="int32")


def _shuffled(tokens, mask, size):
    """Returns (batch, time / size^2, dim * size^2): each square of neighbours as one token."""
    time, width = tokens.shape[1:]
    side = int(time**0.5)
    if side * side == time - 1:  # the class token comes first, and is at no position
        tokens, mask, time = tokens[:, 1:], mask[:, 1:], time - 1
    if side * side != time or side % size:
        raise RecipeError(f"InterleavedFusion needs images of a square grid that {size} divides. "
                          f"Got {time} tokens. Set shuffle to 1.")
    rest = side // size
    tokens = ops.reshape(tokens, (-1, rest, size, rest, size, width))
    tokens = ops.reshape(ops.transpose(tokens, (0, 1, 3, 2, 4, 5)),
                         (-1, rest * rest, size * size * width))
    return tokens, mask[:, : rest * rest]
