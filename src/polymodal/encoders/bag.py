"""A bag of words and character n-grams."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.masks import fit_mask
from polymodal.layers.parts import Encoder

__all__ = ["Bag"]

_SPREAD = 0.01  # of new vectors: what is learned soon outweighs where they started


class Bag(Encoder):
    """Mean of the vectors of words and n-grams: strong for short texts and few rows.

    One text is one token; texts that are steps of a sequence are one token each.

    Args:
        dim: int, width of a token.
        vocabulary_size: int, how many ids there are.
        dropout: float, share of the ids dropped from the mean in training.

    Call arguments:
        inputs: int32 (batch, time), or (batch, steps, pieces) where 0 pads a step.
        mask: bool (batch, time), or (batch, steps).

    Returns:
        (tokens (batch, 1, dim), mask (batch, 1)), or (tokens (batch, steps, dim), mask (batch,
        steps)).

    Raises:
        RecipeError: no `vocabulary_size`.

    Source: Joulin et al., "Bag of tricks for efficient text classification", 2017.
    """

    def __init__(
        self, dim: int = 64, vocabulary_size: int | None = None, dropout: float = 0.6, **kwargs
    ):
        super().__init__(**kwargs)
        if vocabulary_size is None:
            raise RecipeError(
                "Bag needs vocabulary_size, because it reads ids. Got none. Use it for text, and "
                "mlp for vectors."
            )
        self.embed = keras.layers.Embedding(
            vocabulary_size,
            dim,
            dtype=self.dtype_policy,
            name="embed",
            embeddings_initializer=keras.initializers.RandomNormal(stddev=_SPREAD),
        )
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)

    def build(self, inputs_shape):
        self.embed.build(inputs_shape)
        self.num_tokens = 1 if len(inputs_shape) == 2 else None
        self.built = True

    def call(self, inputs, mask, training=None):
        if len(inputs.shape) == 2:
            token = self._mean(inputs, mask, training)
            return ops.expand_dims(token, 1), ops.any(mask, axis=1, keepdims=True)
        real = ops.logical_and(ops.expand_dims(mask, -1), inputs != 0)  # (batch, steps, pieces)
        return self._mean(inputs, real, training), mask

    def _mean(self, ids, real, training):
        vectors = self.embed(ids)  # (..., pieces, dim)
        weights = self.drop(ops.cast(real, vectors.dtype), training=training)
        # The root keeps the size of the token the same for short and long texts.
        count = ops.sum(ops.cast(real, "float32"), axis=-1, keepdims=True)
        total = ops.sum(ops.cast(vectors * fit_mask(weights, vectors), "float32"), axis=-2)
        return ops.cast(total / ops.sqrt(ops.maximum(count, 1.0)), vectors.dtype)
