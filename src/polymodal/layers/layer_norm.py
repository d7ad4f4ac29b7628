"""Layer normalisation as all parts of a model use it."""

from __future__ import annotations

import keras
from keras import ops

__all__ = ["LayerNorm"]


class LayerNorm(keras.layers.LayerNormalization):
    """Layer normalisation over the last axis, with few ignores memory on TensorFlow.

    Keras multiplies rate and gain first, which makes three tensors of full size.

    Args:
        epsilon: float, added to the variance.

    Call arguments:
        inputs: (..., features).

    Returns:
        (..., features), of the layer's type; computed in float32 at least.

    Source: Ba et al., "Layer normalization", 2016, equation 3.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs):
        super().__init__(epsilon=epsilon, **kwargs)

    def call(self, inputs):
        if keras.backend.backend() != "tensorflow":
            return super().call(inputs)
        exact = keras.backend.result_type(inputs.dtype, "float32")
        tensor, gain, bias = (ops.cast(part, exact) for part in (inputs, self.gamma, self.beta))
        apart = tensor - ops.mean(tensor, axis=-1, keepdims=True)
        rate = ops.rsqrt(ops.mean(ops.square(apart), axis=-1, keepdims=True) + self.epsilon)
        return ops.cast(apart * rate * gain + bias, self.compute_dtype)
