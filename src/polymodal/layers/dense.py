"""A dense layer that reads its kernel fast for one step at a time, and can be adapted."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from polymodal.layers.adapter import Adapter
from polymodal.layers.block_weights import BlockWeights
from polymodal.layers.engines.product import product_of_a_step

__all__ = ["Dense"]


class Dense(keras.layers.Dense):
    """A dense layer; its weights and results are those of `keras.layers.Dense`.

    Before it is built, `adapt` may put an adapter next to the kernel, and `quantise` may keep the
    kernel in few bits. Both expect that the kernel itself is not trained.

    Call arguments:
        inputs: (batch, steps, any dim).

    Returns:
        (batch, steps, units).
    """

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(units, **kwargs)
        self.adapter: Adapter | None = None
        self.packed: BlockWeights | None = None

    def adapt(self, rank: int, alpha: float | None = None, dropout: float = 0.0) -> None:
        """Puts an adapter next to the kernel."""
        self.adapter = Adapter(self.units, rank, alpha, dropout, dtype=self.dtype_policy)

    def quantise(self, bits: int) -> None:
        """Makes the layer hold its kernel in 8 or 4 bits."""
        self.packed = BlockWeights(self.units, bits, dtype=self.dtype_policy)

    def plain_kernel(self) -> np.ndarray:
        """Returns the kernel at full precision with what the adapter adds, float32 (any, units)."""
        if self.packed is None:
            kernel = np.asarray(ops.convert_to_numpy(self.kernel), "float32")
        else:
            kernel = np.asarray(ops.convert_to_numpy(ops.cast(self.packed.kernel, "float32")))
        if self.adapter is None:
            return kernel
        return kernel + self.adapter.product()

    def merge(self) -> None:
        """Adds what the adapter makes to the kernel; the adapter is then zero."""
        if self.adapter is None or not np.any(ops.convert_to_numpy(self.adapter.up)):
            return
        self.kernel.assign(ops.convert_to_numpy(self.kernel) + self.adapter.product())
        self.adapter.up.assign(np.zeros(tuple(self.adapter.up.shape)))

    def build(self, inputs_shape):
        if self.packed is None:
            super().build(inputs_shape)
        else:
            self._build_packed(inputs_shape)
        if self.adapter is not None:
            self.adapter.build(inputs_shape)

    def _build_packed(self, inputs_shape):
        self.packed.build(inputs_shape)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
        self.built = True

    def call(self, inputs, training=None):
        if self.adapter is None and self.packed is None and not _is_one_step(inputs):
            return super().call(inputs, training=training)
        result = self._product(inputs)
        if self.adapter is not None:
            result = result + self.adapter(inputs, training=training)
        if self.bias is not None:
            result = result + self.bias
        if self.activation is None:
            return result
        return self.activation(result)

    def _product(self, inputs: Any) -> Any:
        kernel = self.kernel if self.packed is None else self.packed.kernel
        if _is_one_step(inputs):
            return product_of_a_step(inputs, kernel)
        return ops.matmul(inputs, kernel)


def _is_one_step(inputs: Any) -> bool:
    return inputs.shape[1] == 1
