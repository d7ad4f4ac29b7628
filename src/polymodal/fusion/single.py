"""No fusion: the tokens of the only input."""

from __future__ import annotations

import keras

from polymodal.core.errors import RecipeError
from polymodal.layers.parts import Fusion
from polymodal.layers.vector_fusion import check_streams

__all__ = ["SingleFusion"]


class SingleFusion(Fusion):
    """Passes on the tokens of the only input. Nothing is learned.

    A published model stays what it was behind it.

    Args:
        dim: int, width of the stream and of the result.
        dropout: float, rate on the tokens.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}, one stream.

    Returns:
        (tokens (batch, time, dim), mask (batch, time)).

    Raises:
        RecipeError: several streams, or one of another width.
    """

    in_one_sequence = True

    def __init__(self, dim: int, dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)

    def build(self, streams_shape):
        names = check_streams(type(self).__name__, streams_shape, self.dim)
        if len(names) != 1:
            raise RecipeError(
                f"SingleFusion needs one input. Got {', '.join(names)}. Choose "
                "another fusion, such as gated."
            )
        (self.name_of_stream,) = names
        self.built = True

    def call(self, streams, training=None):
        tokens, mask = streams[self.name_of_stream]
        return self.drop(tokens, training=training), mask
