import keras
import numpy as np
import pytest

from polymodal.layers.block_weights import BlockWeights, packed
from polymodal.layers.dense import Dense


def filled(layer, steps=3, seed=0):
    """Builds a layer for inputs of 70 numbers; returns inputs, with all of its weights random."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(4, steps, 70)).astype("float32")
    layer.build(inputs.shape)
    for weight in layer.weights:
        if weight.dtype == "float32":
            weight.assign(rng.normal(0, 0.3, weight.shape))
    return inputs


def outputs(layer, inputs, **more):
    return keras.ops.convert_to_numpy(layer(inputs, **more))


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("alpha", [None, 6.0])
def test_an_adapter_gives_what_merged_weights_give(steps, alpha):
    layer, merged = Dense(5, activation="tanh"), Dense(5, activation="tanh")
    layer.adapt(rank=3, alpha=alpha)
    inputs = filled(layer, steps)
    merged.build(inputs.shape)
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    merged.set_weights([kernel + layer.adapter.product(), keras.ops.convert_to_numpy(layer.bias)])
    assert np.abs(layer.adapter.product()).max() > 0.1
    np.testing.assert_allclose(outputs(layer, inputs), outputs(merged, inputs), atol=1e-5)


def test_a_new_adapter_changes_nothing():
    plain, layer = Dense(5), Dense(5)
    layer.adapt(rank=3)
    inputs = np.random.default_rng(0).normal(size=(4, 3, 6)).astype("float32")
    plain.build(inputs.shape)
    layer.build(inputs.shape)
    layer.kernel.assign(plain.kernel)
    np.testing.assert_array_equal(outputs(layer, inputs), outputs(plain, inputs))


def test_dropout_is_on_the_input_of_the_adapter_alone():
    layer = Dense(5)
    layer.adapt(rank=3, dropout=0.5)
    inputs = filled(layer)
    assert np.abs(outputs(layer, inputs, training=True) - outputs(layer, inputs)).max() > 0.01
    layer.adapter.up.assign(np.zeros((3, 5)))
    np.testing.assert_allclose(outputs(layer, inputs, training=True), outputs(layer, inputs))


@pytest.mark.parametrize(("bits", "levels"), [(8, 127), (4, 7)])
def test_weights_in_few_bits_are_the_nearest_of_their_block(bits, levels):
    kernel = np.random.default_rng(1).normal(size=(70, 5)).astype("float32")
    kernel[:32] *= 100
    layer = BlockWeights(5, bits)
    layer.build((None, None, 70))
    for name, value in packed(kernel, bits).items():
        assert value.shape == getattr(layer, name).shape
        getattr(layer, name).assign(value)
    found = keras.ops.convert_to_numpy(layer.kernel)
    for first, last in ((0, 32), (32, 64), (64, 70)):
        step = np.abs(kernel[first:last]).max(axis=0) / levels
        assert (np.abs(found - kernel)[first:last] <= step * 0.51).all()
    assert np.abs(found - kernel).max() > 0


def test_a_block_of_zeros_stays_zero():
    found = packed(np.zeros((3, 2), np.float32), 4)
    assert not found["scales"].any()
    assert (found["values"] == 8 * 17).all()


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_dense_layer_multiplies_with_them(bits, policy):
    layer = Dense(5, dtype=policy)
    layer.quantise(bits)
    layer.adapt(rank=2)
    inputs = filled(layer)
    kernel = np.random.default_rng(1).normal(size=(70, 5)).astype("float32")
    for name, value in packed(kernel, bits).items():
        getattr(layer.packed, name).assign(value)
    whole = keras.ops.convert_to_numpy(keras.ops.cast(layer.packed.kernel, "float32"))
    wanted = inputs @ (whole + layer.adapter.product()) + keras.ops.convert_to_numpy(layer.bias)
    allowed = {"float32": 1e-4, "mixed_bfloat16": 0.5}[policy]
    found = keras.ops.convert_to_numpy(keras.ops.cast(layer(inputs), "float32"))
    np.testing.assert_allclose(found, wanted, atol=allowed)
    assert {v.path.rpartition("/")[2] for v in layer.trainable_variables} == {"bias", "down", "up"}
