"""What hidden parts of an input are like, read from the rest: learned without any target."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from polymodal.core.contracts.objective import Hidden, Streams
from polymodal.core.errors import RecipeError
from polymodal.layers.masks import fit_mask
from polymodal.layers.modality_dropout import present
from polymodal.model.objective import ObjectiveLayer

__all__ = ["Masked"]

_UNKNOWN = 1  # id that stands for a hidden word
_SIDE = 4  # most lines, and most columns, of an image position that are restored


class Masked(ObjectiveLayer):
    """Hides positions of images, frames of sounds and sequences, words and numbers of vectors, and
    restores them from the tokens that the input's own encoder makes of the rest.

    Rows without a target are used too. Each input with a grid, steps or a single vector takes part;
    videos and tables of numbers and categories do not. Inputs are encoded a second time, so a step
    takes up to twice as long.

    Args:
        share: float, 0 < share < 1, of the positions, steps or numbers that is hidden.
        weight: float >= 0, weight of the loss, averaged over inputs; 0 does without it.
        seed: int, start of its random numbers.
        vocabularies: {input: number of ids} of those that are ids, which the modalities know.

    Raises:
        RecipeError: a share out of range.

    Source: He et al., "Masked autoencoders are scalable vision learners", 2022, of pixels, and
    Devlin et al., "BERT", 2019, of words; here hidden parts stay in the input as zeros or as the
    unknown word, and one linear layer restores them.
    """

    reads_unlabelled = True

    def __init__(
        self,
        share: float = 0.4,
        weight: float = 1.0,
        seed: int = 0,
        vocabularies: Mapping[str, int] | None = None,
        **kwargs: Any,
    ):
        super().__init__(weight, **kwargs)
        if not 0 < share < 1:
            raise RecipeError(f"Masked needs 0 < share < 1. Got {share}. Try 0.4.")
        self.share, self.seed_generator = share, keras.random.SeedGenerator(seed)
        self.vocabularies = dict(vocabularies or {})
        self.kinds: dict[str, Any] = {}

    def attach(self, model: Any) -> None:
        self.states = {
            name: (encoder.grid, encoder.num_tokens, encoder.time_stride)
            for name, encoder in model.encoders.items()
        }

    def make(self, inputs: dict[str, Any], streams: Streams, tokens: Any, mask: Any) -> None:
        heads = {}
        for name, values in inputs.items():
            kind = _kind_of(*self.states[name], values, self.vocabularies.get(name))
            if kind is not None:
                self.kinds[name] = kind
                heads[name] = keras.layers.Dense(kind.size, dtype="float32")
                heads[name].build((None, None, streams[name][0].shape[-1]))
        self.heads = heads
        self.built = True

    def hide(self, inputs: dict[str, tuple[Any, Any]]) -> Hidden:
        found = {}
        for name, kind in self.kinds.items():
            if name in inputs:
                values, mask = inputs[name]
                drawn = keras.random.uniform(kind.places(values), seed=self.seed_generator)
                hidden = drawn < self.share
                found[name] = (kind.without(values, hidden), mask, hidden)
        return found

    def restore(self, streams: Streams, hidden: Hidden, inputs: dict[str, tuple[Any, Any]]) -> Any:
        return [
            self.kinds[name].loss(self.heads[name](tokens), *inputs[name], hidden[name][2])
            for name, (tokens, _) in streams.items()
        ]

    def loss(self, targets: Any, found: Any, weights: Any, loss: Any) -> Any:
        return sum(found) / max(1, len(found))


def _kind_of(
    grid: tuple[int, int] | None,
    num_tokens: int | None,
    stride: int,
    values: Any,
    vocabulary_size: int | None,
) -> Any:
    """Returns how parts of an input are hidden and restored, or None where they are not."""
    rank = len(values.shape)
    if vocabulary_size is not None:
        by_word = rank == 2 and num_tokens is None and stride == 1
        if by_word:
            return _Words(vocabulary_size)
        return None
    if rank == 4 and grid is not None:
        return _Places(grid, values.shape[1:])
    if rank == 3 and num_tokens is None:
        return _Frames(stride, values.shape[-1])
    if rank == 2 and num_tokens == 1:
        return _Numbers(values.shape[-1])
    return None


def _mean(losses: Any, counted: Any) -> Any:
    """Returns the mean of losses where they count; 0 where none does."""
    counted = ops.cast(counted, "float32")
    total = ops.sum(ops.where(counted > 0, losses, 0.0))
    return total / ops.maximum(ops.sum(counted), 1.0)


class _Places:
    """Positions of images (batch, height, width, channels)."""

    def __init__(self, grid: tuple[int, int], shape: tuple[int, ...]):
        self.grid, self.shape = grid, shape
        self.parts = [
            max(1, min(_SIDE, side // count)) for side, count in zip(shape[:2], grid, strict=True)
        ]
        self.size = math.prod(self.parts) * shape[-1]

    def places(self, values: Any) -> tuple[Any, ...]:
        return (ops.shape(values)[0], math.prod(self.grid))

    def without(self, values: Any, hidden: Any) -> Any:
        down, across = (
            -(-side // count) for side, count in zip(self.shape[:2], self.grid, strict=True)
        )
        lines = ops.reshape(hidden, (-1, *self.grid))
        lines = ops.repeat(ops.repeat(lines, down, axis=1), across, axis=2)
        return ops.where(lines[:, : self.shape[0], : self.shape[1], None], 0.0, values)

    def loss(self, restored: Any, values: Any, mask: Any, hidden: Any) -> Any:
        (down, across), (high, wide) = self.grid, self.parts
        small = ops.image.resize(
            ops.cast(values, "float32"),
            (down * high, across * wide),
            antialias=True,
            data_format="channels_last",
        )
        parts = ops.reshape(small, (-1, down, high, across, wide, self.shape[-1]))
        wanted = ops.reshape(
            ops.transpose(parts, (0, 1, 3, 2, 4, 5)), (-1, down * across, self.size)
        )
        losses = ops.mean(ops.square(restored - wanted), axis=-1)  # (batch, positions)
        return _mean(losses, ops.logical_and(hidden, mask[:, None]))


class _Frames:
    """Frames of sounds and steps of sequences (batch, time, features), by token."""

    def __init__(self, stride: int, features: int):
        self.stride, self.features, self.size = stride, features, stride * features

    def places(self, values: Any) -> tuple[Any, ...]:
        rows, steps = ops.shape(values)[:2]
        return (rows, (steps + self.stride - 1) // self.stride)

    def without(self, values: Any, hidden: Any) -> Any:
        steps = ops.repeat(hidden, self.stride, axis=1)[:, : ops.shape(values)[1]]
        return ops.where(steps[..., None], 0.0, values)

    def loss(self, restored: Any, values: Any, mask: Any, hidden: Any) -> Any:
        rows, tokens = ops.shape(hidden)
        steps = ops.shape(values)[1]
        there = fit_mask(mask, values[..., 0])
        there = ops.logical_and(there, ops.repeat(hidden, self.stride, axis=1)[:, :steps])
        said = ops.reshape(restored, (rows, tokens * self.stride, self.features))[:, :steps]
        losses = ops.mean(ops.square(said - ops.cast(values, "float32")), axis=-1)
        return _mean(losses, there)


class _Words:
    """Words of texts, ids (batch, time)."""

    def __init__(self, vocabulary_size: int):
        self.size = vocabulary_size

    def places(self, values: Any) -> tuple[Any, ...]:
        return ops.shape(values)

    def without(self, values: Any, hidden: Any) -> Any:
        return ops.where(ops.logical_and(hidden, values > 0), _UNKNOWN, values)

    def loss(self, restored: Any, values: Any, mask: Any, hidden: Any) -> Any:
        chances = ops.log_softmax(ops.cast(restored, "float32"), axis=-1)
        losses = -ops.take_along_axis(chances, ops.cast(values, "int32")[..., None], axis=-1)
        return _mean(losses[..., 0], ops.logical_and(hidden, mask))


class _Numbers:
    """Numbers of vectors (batch, features)."""

    def __init__(self, size: int):
        self.size = size

    def places(self, values: Any) -> tuple[Any, ...]:
        return ops.shape(values)

    def without(self, values: Any, hidden: Any) -> Any:
        return ops.where(hidden, 0.0, values)

    def loss(self, restored: Any, values: Any, mask: Any, hidden: Any) -> Any:
        losses = ops.square(restored[:, 0] - ops.cast(values, "float32"))
        return _mean(losses, ops.logical_and(hidden, present(mask)[:, None]))
