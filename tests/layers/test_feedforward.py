import keras
import numpy as np
import pytest

from check_layer import call_plain, check_layer, token_arrays
from polymodal.layers.feedforward import FeedForward


def test_part_passes_the_harness():
    arrays = {"inputs": token_arrays()["inputs"]}
    check_layer(lambda: FeedForward(8, 2), arrays, call_plain, needs_mask=False)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own way")
@pytest.mark.parametrize("compiled", [False, True])
def test_tensorflow_trains_as_it_works_in_use(compiled):
    import tensorflow as tf

    tokens = tf.constant(np.random.default_rng(0).normal(0, 3, (4, 5, 6)), "float32")
    layer = FeedForward(6)
    layer.build(tokens.shape)

    @tf.function(jit_compile=compiled)
    def both_ways(training):
        with tf.GradientTape() as tape:
            tape.watch(tokens)
            result = layer(tokens, training=training)
            loss = tf.reduce_sum(result * tokens)
        return result, *tape.gradient(loss, [tokens, layer.widen.kernel.value])

    for trained, used in zip(both_ways(True), both_ways(False), strict=True):
        np.testing.assert_allclose(trained, used, atol=1e-4, rtol=1e-5)
