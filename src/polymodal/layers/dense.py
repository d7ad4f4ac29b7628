"""A dense layer that reads its kernel fast for one step at a time."""

from __future__ import annotations

import keras

from polymodal.layers.engines.product import product_of_a_step

__all__ = ["Dense"]


class Dense(keras.layers.Dense):
    """A dense layer; its weights and results are those of `keras.layers.Dense`.

    Call arguments:
        inputs: (batch, steps, any dim).

    Returns:
        (batch, steps, units).
    """

    def call(self, inputs, training=None):
        if inputs.shape[1] != 1 or self.quantization_mode:
            return super().call(inputs, training=training)
        result = product_of_a_step(inputs, self.kernel)
        if self.bias is not None:
            result = result + self.bias
        if self.activation is None:
            return result
        return self.activation(result)
