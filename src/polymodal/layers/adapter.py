"""A product of two thin matrices, added to a linear map that is not trained itself."""

from __future__ import annotations

import keras
from keras import ops

__all__ = ["Adapter"]


class Adapter(keras.layers.Layer):
    """Adds to a frozen linear map what a product of two thin matrices makes of its input.

    Args:
        units: int, width of the result.
        rank: int, width between the two matrices.
        alpha: float or None, the product is multiplied by alpha / rank; None for alpha = rank.
        dropout: float, rate on the input, for the adapter alone.

    Call arguments:
        inputs: (..., any dim).

    Returns:
        (..., units); zeros until it is trained.

    Source: Hu et al., "LoRA: low-rank adaptation of large language models", 2022, section 4.1.
    """

    def __init__(
        self, units: int, rank: int = 8, alpha: float | None = None, dropout: float = 0.0, **kwargs
    ):
        super().__init__(**kwargs)
        self.units, self.rank = units, rank
        self.scale = 1.0 if alpha is None else alpha / rank
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy) if dropout else None

    def build(self, inputs_shape):
        self.down = self.add_weight(
            name="down", shape=(inputs_shape[-1], self.rank), initializer="he_uniform"
        )
        self.up = self.add_weight(name="up", shape=(self.rank, self.units), initializer="zeros")
        self.built = True

    def call(self, inputs, training=None):
        if self.drop is not None:
            inputs = self.drop(inputs, training=training)
        narrow = ops.matmul(inputs, self.down) * self.scale  # (..., rank)
        return ops.matmul(narrow, self.up)

    def product(self):
        """Returns what the adapter adds to the kernel, float32 (any dim, units)."""
        down, up = (ops.convert_to_numpy(one).astype("float32") for one in (self.down, self.up))
        return down @ up * self.scale
