"""Fusion for assistants: the tokens of images and sounds at their places among the words."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.dense import Dense
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.parts import Fusion
from polymodal.text.dialogue.messages import BREAK, KINDS

__all__ = ["InterleavedFusion", "about"]

_WORDS = "conversation"


class InterleavedFusion(Fusion):
    """Puts the tokens of each image, sound and video where the conversation has its place.

    A projector first brings them to the width of the decoder. Tokens without a place, and places
    without tokens, count as padding. Of several images of a row, the last one stands at the last
    place, and so on: a conversation that was cut has lost its first places. Several conversations
    may come one after the other, a BREAK between them.

    Args:
        dim: int, width of the result.
        projector: str, linear, or mlp: two layers with a GELU between.
        shuffle: int, neighbours down and across that become one token of an image, their features
            concatenated (pixel shuffle); 1 leaves them.
        normalise: bool, whether tokens are normalised before they are projected.

    Call arguments:
        streams: {name: (tokens (batch, time, any dim), mask (batch, time))}; "conversation" has ids
            int32 (batch, time, 1), the others are called image, audio and video; those with several
            images of a row are (batch, images, time, any dim), masks (batch, images, time).

    Returns:
        (float32 (batch, sum of times, 3 + dim), mask): the id of a word or -1, the number of its
        conversation, where it stands in the ids; then zeros, or the token of an image. All in the
        order of the conversation.

    Raises:
        RecipeError: no conversation, an unknown projector, or tokens that are no square grid.

    Source: Liu et al. 2023, "Visual Instruction Tuning" (linear); "Improved Baselines with Visual
    Instruction Tuning" (mlp); Shi et al. 2016, section 2.2, pixel shuffle, here the other way.
    """

    any_width = True

    def __init__(
        self, dim: int, projector: str = "mlp", shuffle: int = 1, normalise: bool = True, **kwargs
    ):
        super().__init__(**kwargs)
        if projector not in ("linear", "mlp") or shuffle < 1:
            raise RecipeError(
                "InterleavedFusion needs projector linear or mlp and shuffle from 1. "
                f"Got {projector!r} and {shuffle}. Change them."
            )
        self.dim, self.projector, self.shuffle = dim, projector, shuffle
        self.normalise = normalise
        self.autocast = False  # ids have to stay exact

    def build(self, streams_shape):
        if _WORDS not in streams_shape:
            raise RecipeError(
                f"InterleavedFusion needs an input called {_WORDS}. Got "
                f"{', '.join(sorted(streams_shape))}. Name it so."
            )
        unknown = sorted(set(streams_shape) - {_WORDS, *KINDS})
        if unknown:
            raise RecipeError(
                f"InterleavedFusion needs inputs called {', '.join(KINDS)}. Got "
                f"{', '.join(unknown)}. Rename them."
            )
        self.kinds = [kind for kind in KINDS if kind in streams_shape]
        self.projectors = {
            kind: self._made(kind, streams_shape[kind][0][-1]) for kind in self.kinds
        }
        self.built = True

    def _made(self, kind, width):
        if kind == "image":
            width *= self.shuffle**2
        layers = [Dense(self.dim, dtype=self.dtype_policy)]
        if self.normalise:
            layers.insert(0, LayerNorm(dtype=self.dtype_policy))
        if self.projector == "mlp":
            layers += [
                keras.layers.Activation("gelu", dtype=self.dtype_policy),
                Dense(self.dim, dtype=self.dtype_policy),
            ]
        shape = (None, None, width)
        for layer in layers:
            layer.build(shape)
            if isinstance(layer, Dense):
                shape = (None, None, self.dim)
        return layers

    def call(self, streams, training=None):
        ids, real = streams[_WORDS]
        ids = ops.cast(ids[..., 0], "int32")  # (batch, time)
        talks = ops.cumsum(ops.cast(ops.logical_and(real, ids == BREAK), "int32"), axis=1)
        steps = ops.zeros_like(ids) + _steps(ids)[None]
        words = about(ops.maximum(ids, -1), talks, steps)
        parts = [ops.pad(words, ((0, 0), (0, 0), (0, self.dim)))]  # (batch, time, 3 + dim)
        media = {kind: self._slots(kind, streams[kind]) for kind in self.kinds}
        masks, stands = [ops.logical_and(real, ids >= 0)], []
        for kind, stream in media.items():
            here = ops.logical_and(real, ids == -1 - KINDS.index(kind))
            places = self._places_of(kind, here, ops.any(stream[1], axis=-1))  # (batch, slots)
            tokens, mask = self._projected(kind, stream, places, talks)
            parts.append(tokens)
            masks.append(mask)
            each = ops.shape(tokens)[1] // ops.shape(places)[1]
            stands.append(ops.repeat(places, each, axis=1))
        far = 2 + sum(ops.shape(one)[1] for one in stands)  # more than all tokens that are no words
        keys = [far * steps, *(far * one + 1 + _steps(one)[None] for one in stands)]
        tokens, mask, key = (ops.concatenate(one, axis=1) for one in (parts, masks, keys))
        order = ops.argsort(key, axis=1)
        tokens = ops.take_along_axis(tokens, order[..., None], axis=1)
        return tokens, ops.take_along_axis(mask, order, axis=1)

    def _slots(self, kind, stream):
        """Returns tokens (batch, slots, time, dim) and their mask, of one image or several."""
        tokens, mask = stream
        if len(mask.shape) == 2:
            return tokens[:, None], mask[:, None]
        return tokens, mask

    def _places_of(self, kind, here, mask):
        """Returns int32 (batch, slots): where each image stands, -1 for nowhere."""
        return _places(here, mask)

    def _projected(self, kind, stream, places, talks):
        """Returns projected tokens (batch, slots * time, 3 + dim) and their mask."""
        tokens, mask = stream
        _, slots, time = ops.shape(mask)  # on TensorFlow lengths may be unknown beforehand
        tokens = ops.reshape(tokens, (-1, time, tokens.shape[-1]))
        mask = ops.reshape(mask, (-1, time))
        if kind == "image" and self.shuffle > 1:
            tokens, mask = _shuffled(tokens, mask, self.shuffle)
        tokens = hide(tokens, mask)
        for layer in self.projectors[kind]:
            tokens = layer(tokens)
        time = ops.shape(tokens)[1]
        there = ops.repeat(places, time, axis=1)  # (batch, slots * time)
        mask = ops.reshape(mask, (-1, slots * time))
        tokens = ops.reshape(tokens, (-1, slots * time, self.dim))
        tokens = ops.cast(hide(tokens, mask), "float32")
        talk = ops.take_along_axis(talks, ops.maximum(there, 0), axis=1)
        known = about(-ops.ones_like(there), talk, there)
        return ops.concatenate([known, tokens], axis=-1), ops.logical_and(mask, there >= 0)


def about(ids, talks, steps):
    """Returns float32 (batch, time, 3): what is known of each token, exactly."""
    return ops.cast(ops.stack([ids, talks, steps], axis=-1), "float32")


def _places(here, real):
    """Returns int32 (batch, slots): where each image stands, -1 for nowhere.

    Args:
        here: bool (batch, time), where places are.
        real: bool (batch, slots), which images there are.
    """
    slots = _steps(real)[None]
    images = ops.max(ops.where(real, slots + 1, 0), axis=1, keepdims=True)  # (batch, 1)
    number = ops.cumsum(ops.cast(here, "int32"), axis=1)  # (batch, time), from 1
    lost = ops.maximum(images - number[:, -1:], 0)
    own = ops.logical_and(here[:, None], (number + lost)[:, None] == slots[:, :, None] + 1)
    return ops.max(ops.where(own, _steps(here)[None, None], -1), axis=-1)


def _steps(tensor):
    return ops.arange(ops.shape(tensor)[1], dtype="int32")


def _shuffled(tokens, mask, size):
    """Returns (batch, time / size^2, dim * size^2): each square of neighbours as one token."""
    time, width = tokens.shape[1:]
    side = int(time**0.5)
    if side * side == time - 1:  # the class token comes first, and is at no position
        tokens, mask, time = tokens[:, 1:], mask[:, 1:], time - 1
    if side * side != time or side % size:
        raise RecipeError(
            f"InterleavedFusion needs images of a square grid that {size} divides. "
            f"Got {time} tokens. Set shuffle to 1."
        )
    rest = side // size
    tokens = ops.reshape(tokens, (-1, rest, size, rest, size, width))
    tokens = ops.reshape(
        ops.transpose(tokens, (0, 1, 3, 2, 4, 5)), (-1, rest * rest, size * size * width)
    )
    return tokens, mask[:, : rest * rest]
