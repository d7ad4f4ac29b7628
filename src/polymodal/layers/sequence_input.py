"""The first layer of what reads sequences: of ids or of numbers."""

from __future__ import annotations

import keras

from polymodal.core.errors import RecipeError
from polymodal.layers.masks import hide

__all__ = ["SequenceInput"]


class SequenceInput(keras.layers.Layer):
    """Turns ids (batch, time) or vectors (batch, time, features) into tokens (batch, time, dim).

    Args:
        dim: int, width of the tokens.
        vocabulary_size: int, how many ids there are; None for vectors.
        dropout: float, rate on the tokens.

    Call arguments:
        inputs: int32 (batch, time), or float (batch, time, features).
        mask: bool (batch, time).

    Returns:
        (batch, time, dim), zero where masked.

    Raises:
        RecipeError: ids without `vocabulary_size`, or vectors with it.
    """

    def __init__(
        self, dim: int, vocabulary_size: int | None = None, dropout: float = 0.0, **kwargs
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        if vocabulary_size is None:
            self.embed = keras.layers.Dense(dim, dtype=self.dtype_policy, name="embed")
        else:
            self.embed = keras.layers.Embedding(
                vocabulary_size,
                dim,
                dtype=self.dtype_policy,
                name="embed",
                embeddings_initializer=keras.initializers.RandomNormal(stddev=dim**-0.5),
            )
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)

    def build(self, inputs_shape):
        wanted = 2
        if self.vocabulary_size is None:
            wanted = 3
        if len(inputs_shape) != wanted:
            raise RecipeError(
                "SequenceInput needs ids (batch, time) with vocabulary_size, or vectors (batch, "
                f"time, features) without. Got shape {tuple(inputs_shape)} and vocabulary_size="
                f"{self.vocabulary_size}. Set vocabulary_size to the tokenizer's, or leave it out."
            )
        self.embed.build(inputs_shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        # Hidden before as well: a projection of garbage would put garbage into its gradient.
        if self.vocabulary_size is None:
            inputs = hide(inputs, mask)
        else:
            inputs = inputs
        return hide(self.drop(self.embed(inputs), training=training), mask)
