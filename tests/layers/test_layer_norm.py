import keras
import numpy as np

from check_layer import call_plain, check_layer, token_arrays
from polymodal.layers.layer_norm import LayerNorm


def test_norm_passes_the_harness():
    arrays = {"inputs": token_arrays()["inputs"]}
    check_layer(LayerNorm, arrays, call_plain, needs_mask=False)


def test_norm_equals_that_of_keras():
    tensor = np.random.default_rng(0).normal(3, 2, (4, 5, 6)).astype("float32")
    ours, theirs = LayerNorm(), keras.layers.LayerNormalization(epsilon=1e-5)
    for layer in (ours, theirs):
        layer.build(tensor.shape)
        layer.set_weights([np.arange(1, 7), np.arange(6)])
    found, expected = (keras.ops.convert_to_numpy(layer(tensor)) for layer in (ours, theirs))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_half_precision_is_normalised_in_full():
    tensor = 1000 + np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    tensor = keras.ops.cast(tensor, "float16")
    found = keras.ops.convert_to_numpy(LayerNorm(dtype="mixed_float16")(tensor))
    assert found.dtype == "float16"
    np.testing.assert_allclose(found.std(axis=-1), 1, atol=0.01)
