import keras
import numpy as np
import pytest

from check_layer import check_layer, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.layers.masked_batch_norm import MaskedBatchNorm


def call(layer, arrays, training=False):
    return layer(arrays["inputs"], arrays["inputs_mask"], training=training), arrays["inputs_mask"]


def test_norm_passes_the_harness():
    check_layer(lambda: MaskedBatchNorm(), token_arrays(), call)


def test_statistics_are_those_of_the_real_steps():
    arrays, layer = token_arrays(), MaskedBatchNorm(momentum=0.0)
    call(layer, arrays, training=True)
    real = arrays["inputs"][arrays["inputs_mask"]]
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer.moving_mean), real.mean(0), atol=1e-5
    )
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer.moving_variance), real.var(0), atol=1e-5
    )


def test_a_batch_without_anything_real_moves_no_statistics():
    layer, nothing = MaskedBatchNorm(), np.zeros((2, 3, 4), "float32")
    layer(nothing, np.zeros((2, 3), bool), training=True)
    assert (keras.ops.convert_to_numpy(layer.moving_variance) == 1).all()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own way")
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("real", ["all", "rows", "steps", "nothing"])
def test_tensorflow_trains_as_the_plain_sums_do(real, compiled):
    import tensorflow as tf

    rng = np.random.default_rng(0)
    tensor, weights = (tf.constant(rng.normal(1, 2, (5, 6, 3, 4)), "float32") for _ in range(2))
    mask = rng.random((5, 6) if real == "steps" else 5) < {"all": 2, "nothing": -1}.get(real, 0.6)
    layer = MaskedBatchNorm(momentum=0.0)
    layer.build(tensor.shape)
    layer.scale.assign([1, 2, 3, 4])

    def both_ways(normalise):
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            loss = tf.reduce_sum(normalise() * weights)
        return tape.gradient(loss, [tensor, layer.scale.value, layer.shift.value])

    def plainly():
        mean, variance, _ = layer._moments(tensor, mask)
        scale, shift = layer._gain(mean, variance)
        return tensor * scale + shift

    expected = both_ways(plainly)
    train = tf.function(
        lambda: both_ways(lambda: layer(tensor, mask, training=True)), jit_compile=compiled
    )
    for found, wanted in zip(train(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    if real != "nothing":
        moved = keras.ops.convert_to_numpy(layer.moving_variance)
        np.testing.assert_allclose(moved, tensor.numpy()[mask].reshape(-1, 4).var(0), rtol=1e-4)


def test_bad_momentum_is_refused():
    with pytest.raises(RecipeError, match=r"from 0 to below 1. Got 1.5"):
        MaskedBatchNorm(momentum=1.5)
