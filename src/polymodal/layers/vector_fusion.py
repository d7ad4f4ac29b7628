"""What the fusions that work on one vector per modality share."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.alignment import align, check_alignment
from polymodal.layers.feedforward import FeedForward
from polymodal.layers.guided_read import GuidedRead
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import fit_mask, hide
from polymodal.layers.modality_dropout import present
from polymodal.layers.parts import Fusion
from polymodal.layers.pooling import Pool

__all__ = ["VectorFusion", "check_streams", "masked_softmax"]


class VectorFusion(Fusion):
    """Base of fusions of one vector per modality: subclasses say how vectors become one.

    Each stream is pooled to a vector (or, `stepwise`, gives one per step), normalised and thinned
    by dropout. Instead of a missing modality stands a learned vector that starts at zero, so that
    missing differs from zero. `fuse` makes one vector of all; a feed-forward part follows.

    Args:
        dim: int, width of the streams and of the result.
        stepwise: bool, fuse step by step and keep the time axis, instead of pooling first.
        align: str, used with `stepwise`: "steps" or "stretch", see `layers.alignment.align`.
        pooling: str, "mean", "max", "attention" or "guided": how a stream becomes a vector.
            "guided" adds to attention what the other streams' vectors ask of its tokens.
        dropout: float, rate on the vectors and in the feed-forward part.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}.

    Returns:
        (tokens, mask): (batch, 1, dim) and (batch, 1), or with `stepwise` (batch, time, dim) and
        (batch, time). The mask is False where all modalities are missing.

    Raises:
        RecipeError: a stream of another width, or an unknown way to align or to pool.
    """

    learns_absence = True  # False where `fuse` gives missing vectors no say at all

    def __init__(
        self, dim, stepwise=False, align="steps", pooling="attention", dropout=0.1, **kwargs
    ):
        super().__init__(**kwargs)
        check_alignment(type(self).__name__, align, None)
        self.dim, self.stepwise, self.align, self.pooling = dim, stepwise, align, pooling
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.feedforward = FeedForward(dim, 2, dropout, dtype=self.dtype_policy)
        self.feedforward_norm = LayerNorm(dtype=self.dtype_policy)

    def build(self, streams_shape):
        self.names = check_streams(type(self).__name__, streams_shape, self.dim)
        self.norms = {name: LayerNorm(dtype=self.dtype_policy) for name in self.names}
        if self.stepwise:
            self.pools = {}
        else:
            self.pools = {name: self._pool(streams_shape[name][0]) for name in self.names}
        for name in self.names:
            self.norms[name].build((None, self.dim))
            if not self.stepwise:
                self.pools[name].build((None, None, self.dim))
        guided = []
        if self.pooling == "guided" and not self.stepwise and len(self.names) > 1:
            guided = [n for n in self.names if streams_shape[n][0][1] != 1]
        self.reads = {name: GuidedRead(self.dim, dtype=self.dtype_policy) for name in guided}
        askers = [name for name in self.names if any(other != name for other in guided)]
        self.questions = {name: LayerNorm(dtype=self.dtype_policy) for name in askers}
        for read in self.reads.values():
            read.build((None, None, self.dim))
        for question in self.questions.values():
            question.build((None, self.dim))
        if self.learns_absence:
            self.absent = self.add_weight(
                name="absent", shape=(len(self.names), self.dim), initializer="zeros"
            )
        self.build_fuse(len(self.names))
        self.feedforward_norm.build((None, self.dim))
        self.feedforward.build((None, self.dim))
        self.built = True

    def build_fuse(self, num_modalities):
        """Makes the weights of `fuse`."""

    def fuse(self, vectors, presence):
        """Makes one vector of those of all modalities.

        Args:
            vectors: (..., modalities, dim), learned ones where missing.
            presence: (..., modalities) bool.

        Returns:
            (..., dim)
        """
        raise TypeError(
            f"{type(self).__name__} needs a method fuse. Got none. Write it in the subclass."
        )

    def call(self, streams, training=None):
        streams = {name: streams[name] for name in self.names}
        if self.stepwise:
            pairs = self._steps(streams)
        else:
            pairs = self._pooled(streams)
        vectors = ops.stack([self.norms[name](pairs[name][0]) for name in self.names], axis=-2)
        presence = ops.stack([pairs[name][1] for name in self.names], axis=-1)
        absent = 0.0
        if self.learns_absence:
            absent = ops.cast(self.absent, vectors.dtype)
        vectors = ops.where(presence[..., None], self.drop(vectors, training=training), absent)
        fused = self.fuse(vectors, presence)
        fused = fused + self.feedforward(self.feedforward_norm(fused), training=training)
        mask = ops.any(presence, axis=-1)
        if self.stepwise:
            return (fused, mask)
        return (fused[:, None], mask[:, None])

    def pools_first(self, name):
        return not (self.stepwise or name in self.reads or self.pools[name].variables)

    def pooled(self, name, tokens, mask):
        return self.pools[name](tokens, mask)[:, None], present(mask)[:, None]

    def _pooled(self, streams):
        found = {
            name: (self.pools[name](tokens, mask), present(mask))
            for name, (tokens, mask) in streams.items()
        }
        if not self.reads:
            return found
        asked = {
            name: hide(norm(found[name][0]), found[name][1])
            for name, norm in self.questions.items()
        }
        for name, read in self.reads.items():
            query = sum(asked[other] for other in self.names if other != name)
            vector, here = found[name]
            found[name] = vector + read(*streams[name], query), here
        return found

    def _steps(self, streams):
        return align(streams, self.align)

    def _pool(self, tokens_shape):
        # a single token needs no choice among tokens
        kind = "attention" if self.pooling == "guided" else self.pooling
        if tokens_shape[1] == 1:
            kind = "mean"
        return Pool(self.dim, kind, dtype=self.dtype_policy)


def check_streams(who, streams_shape, dim):
    """Returns the streams' names, sorted: engines reorder dictionaries, sorted is always the same.

    Raises:
        RecipeError: a stream that is not `dim` wide.
    """
    for name, (tokens_shape, _) in sorted(streams_shape.items()):
        if tokens_shape[-1] != dim:
            raise RecipeError(
                f'{who} needs streams of width {dim}. Got "{name}" of width {tokens_shape[-1]}. '
                f"Give its encoder dim={dim}, or pass dim={tokens_shape[-1]}."
            )
    return tuple(sorted(streams_shape))


def masked_softmax(scores, mask, axis):
    """Returns float32 weights that add up to 1 over what is present, and to 0 where nothing is."""
    mask = fit_mask(mask, scores)
    if scores.shape[axis] == 1:
        return ops.cast(ops.broadcast_to(mask, ops.shape(scores)), "float32")
    scores = ops.where(mask, ops.cast(scores, "float32"), -1e9)
    return ops.softmax(scores, axis=axis) * ops.cast(mask, "float32")
