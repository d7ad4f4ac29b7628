"""The harness itself finds what it is there to find."""

import keras
import pytest

from check_layer import check_layer, token_arrays
from polymodal.layers.masks import hide


class Faulty(keras.layers.Layer):
    """A layer with one fault, by name."""

    def __init__(self, fault, **kwargs):
        super().__init__(**kwargs)
        self.fault = fault

    def build(self, tokens_shape):
        self.child = keras.layers.Dense(4, dtype=self.dtype_policy)
        if self.fault != "child not built":
            self.child.build(tokens_shape)
        self.idle = self.add_weight(shape=(2,)) if self.fault == "idle weight" else None
        self.built = True

    def call(self, tokens, mask, training=None):
        ops = keras.ops
        if self.fault == "reads padding":
            return ops.mean(self.child(tokens), axis=1)
        if self.fault == "mixes rows":
            shared = ops.mean(tokens, axis=(0, 1), keepdims=True) if training else 0.0
            return ops.sum(self.child(hide(tokens, mask) + shared), axis=1)
        total = ops.sum(hide(self.child(tokens), mask), axis=1)
        if self.fault == "divides by zero":
            return total / ops.cast(ops.sum(mask, axis=1, keepdims=True), total.dtype)
        return total


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("child not built", "leaves out a child"),
        ("idle weight", "does not move"),
        ("reads padding", "garbage under the mask"),
        ("mixes rows", "more padding|filler rows"),
        ("divides by zero", "not finite|differs by nan"),
    ],
)
def test_a_fault_is_found(fault, message):
    with pytest.raises(AssertionError, match=message):
        check_layer(lambda: Faulty(fault), token_arrays())


def test_the_same_layer_without_fault_passes():
    check_layer(lambda: Faulty("none"), token_arrays())
