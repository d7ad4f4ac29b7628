"""A dense layer that reads its kernel quickly where there is one step at a time."""

from __future__ import annotations

import keras
from keras import ops

__all__ = ["Dense"]

_LOWEST = -3e38  # below what any product comes to


class Dense(keras.layers.Dense):
    """A dense layer; its weights and results are those of `keras.layers.Dense`.

    On TensorFlow XLA joins a product of one row and a kernel with what is added to it, and the
    joined operation reads the kernel at 27 to 32 GB/s where the product alone reads 35 to 40. A
    maximum between the two, which changes nothing, keeps them apart.

    Call arguments:
        inputs: (batch, steps, any dim).

    Returns:
        (batch, steps, units).
    """

    def call(self, inputs, training=None):
        alone = keras.backend.backend() == "tensorflow" and inputs.shape[1] == 1
        if not alone or self.quantization_mode:
            return super().call(inputs, training=training)
        result = ops.maximum(ops.matmul(inputs, self.kernel), _LOWEST)
        if self.bias is not None:
            result = result + self.bias
        return result if self.activation is None else self.activation(result)
