"""Fusion step by step: the modalities concatenated on one time axis."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.alignment import align, check_alignment
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.parts import Fusion
from polymodal.layers.vector_fusion import check_streams

__all__ = ["StepwiseConcatFusion"]


class StepwiseConcatFusion(Fusion):
    """Joins the tokens of all modalities step by step: G_i = Concat(F_i, H_i), then a projection.

    A learned vector replaces a modality that is missing at a step. The projection is linear: a
    sequence model or decoder after it learns interactions between modalities.

    Args:
        dim: int, width of the streams and of the result.
        align: str, "stretch" maps the length of each stream of a row onto the row's length,
            "steps" keeps step i at step i.
        axis: str, name of the input that gives the time axis, or None for the longest.
        dropout: float, rate on the joined tokens.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}, times may differ.

    Returns:
        (tokens (batch, time, dim), mask (batch, time)); a step is real where any stream is.

    Raises:
        RecipeError: a stream of another width, an unknown way to align, or an unknown axis.

    Example:

    >>> from keras import ops
    >>> frames, words = ops.ones((2, 4, 8)), ops.ones((2, 6, 8))
    >>> streams = {"frames": (frames, ops.ones((2, 4), bool)), "words": (words, ops.ones((2, 6),
    ...     bool))}
    >>> tokens, mask = StepwiseConcatFusion(8)(streams)
    >>> tuple(tokens.shape), tuple(mask.shape)
    ((2, 6, 8), (2, 6))
    """

    def __init__(
        self,
        dim: int,
        align: str = "stretch",
        axis: str | None = None,
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_alignment(type(self).__name__, align, axis)
        self.dim, self.align, self.axis = dim, align, axis
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.project = keras.layers.Dense(dim, dtype=self.dtype_policy)

    def build(self, streams_shape):
        self.names = check_streams(type(self).__name__, streams_shape, self.dim)
        check_alignment(type(self).__name__, self.align, self.axis, self.names)
        self.norms = {name: LayerNorm(dtype=self.dtype_policy) for name in self.names}
        for norm in self.norms.values():
            norm.build((None, None, self.dim))
        self.absent = self.add_weight(
            name="absent", shape=(len(self.names), self.dim), initializer="zeros"
        )
        self.project.build((None, None, len(self.names) * self.dim))
        self.built = True

    def call(self, streams, training=None):
        streams = align({name: streams[name] for name in self.names}, self.align, self.axis)
        parts = [self._part(i, *streams[name]) for i, name in enumerate(self.names)]
        mask = ops.any(ops.stack([streams[name][1] for name in self.names], axis=-1), axis=-1)
        joined = ops.concatenate(parts, axis=-1)  # (batch, time, modalities * dim)
        return self.project(self.drop(joined, training=training)), mask

    def _part(self, index, tokens, mask):
        tokens = self.norms[self.names[index]](tokens)
        absent = ops.cast(self.absent[index], tokens.dtype)
        return ops.where(mask[..., None], tokens, absent)
