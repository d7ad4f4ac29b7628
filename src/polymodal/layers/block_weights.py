"""A kernel kept as small whole numbers with a scale for each block of inputs."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

__all__ = ["BlockWeights", "num_blocks", "packed", "packed_shapes"]

BLOCK = 32  # inputs that share a scale, for each output


class BlockWeights(keras.layers.Layer):
    """Holds a kernel in 8 or 4 bits; `kernel` makes the matrix of it each time it is used.

    Args:
        units: int, width of the result.
        bits: int, 8 or 4. Two numbers of 4 bits share a byte: the first half of the inputs is in
            the low bits.

    Source: Dettmers et al., "QLoRA", 2023, section 2: blocks with an absolute maximum each. Ours
    has evenly spaced levels.
    """

    def __init__(self, units: int, bits: int = 8, **kwargs):
        super().__init__(**kwargs)
        self.units, self.bits = units, bits

    def build(self, inputs_shape):
        self.num_inputs = inputs_shape[-1]
        values, scales = packed_shapes((self.num_inputs, self.units), self.bits)
        kind = {8: "int8", 4: "uint8"}[self.bits]
        self.values = self.add_weight(
            name="values",
            shape=values,
            dtype=kind,
            initializer="zeros",
            trainable=False,
            autocast=False,
        )
        self.scales = self.add_weight(
            name="scales",
            shape=scales,
            dtype="float32",
            initializer="ones",
            trainable=False,
            autocast=False,
        )
        self.built = True

    @property
    def kernel(self):
        """The matrix (inputs, units) in the compute dtype."""
        values = ops.cast(self.values, "float32")
        if self.bits == 4:
            high = ops.floor(values / 16)
            values = ops.concatenate([values - 16 * high, high], axis=0) - 8
        values = ops.reshape(values, (-1, BLOCK, self.units)) * ops.expand_dims(self.scales, 1)
        matrix = ops.reshape(values, (-1, self.units))[: self.num_inputs]
        return ops.cast(matrix, self.compute_dtype)


def num_blocks(num_inputs: int) -> int:
    """Returns the number of blocks of a kernel; an even number, so that halves are whole."""
    return 2 * -(-num_inputs // (2 * BLOCK))


def packed_shapes(shape: tuple[int, int], bits: int) -> list[tuple[int, int]]:
    """Returns the shapes of the values and the scales of a kernel of a shape."""
    blocks, units = num_blocks(shape[0]), shape[1]
    return [(blocks * BLOCK * bits // 8, units), (blocks, units)]


def packed(kernel: np.ndarray, bits: int) -> dict[str, np.ndarray]:
    """Returns {"values": whole numbers, "scales": float32 (blocks, units)} of a kernel.

    Args:
        kernel: float32 (inputs, units).
        bits: int, 8 or 4.

    Example:

    >>> found = packed(np.eye(2, dtype=np.float32), 8)
    >>> found["values"][:2].tolist()
    [[127, 0], [0, 127]]
    """
    inputs, units = kernel.shape
    blocks = num_blocks(inputs)
    padded = np.zeros((blocks * BLOCK, units), np.float32)
    padded[:inputs] = kernel
    parts = padded.reshape(blocks, BLOCK, units)
    largest = 2 ** (bits - 1) - 1
    scales = np.abs(parts).max(axis=1) / np.float32(largest)
    safe = np.where(scales > 0, scales, np.float32(1))
    whole = np.clip(np.rint(parts / safe[:, None]), -largest, largest).reshape(-1, units)
    if bits == 8:
        values = whole.astype(np.int8)
    else:
        low, high = np.split((whole + 8).astype(np.uint8), 2)
        values = low | (high << 4)
    return {"values": values, "scales": scales.astype(np.float32)}
