import keras
import numpy as np
import pytest

from check_layer import check_layer, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.layers.masked_batch_norm import MaskedBatchNorm


def call(layer, arrays, training=False):
    return layer(arrays["inputs"], arrays["inputs_mask"], training=training), arrays["inputs_mask"]


@pytest.mark.parametrize("zero_masked", [False, True])
def test_norm_passes_the_harness(zero_masked):
    check_layer(lambda: MaskedBatchNorm(zero_masked=zero_masked), token_arrays(), call)


def test_statistics_are_those_of_the_real_steps():
    arrays, layer = token_arrays(), MaskedBatchNorm(momentum=0.0, zero_masked=True)
    result = keras.ops.convert_to_numpy(call(layer, arrays, training=True)[0])
    real = arrays["inputs"][arrays["inputs_mask"]]
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer.moving_mean), real.mean(0), atol=1e-5)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer.moving_variance), real.var(0), atol=1e-5)
    assert not result[~arrays["inputs_mask"]].any()


def test_a_batch_without_anything_real_moves_no_statistics():
    layer, nothing = MaskedBatchNorm(), np.zeros((2, 3, 4), "float32")
    layer(nothing, np.zeros((2, 3), bool), training=True)
    assert (keras.ops.convert_to_numpy(layer.moving_variance) == 1).all()


def test_bad_momentum_is_refused():
    with pytest.raises(RecipeError, match=r"from 0 to below 1. Got 1.5"):
        MaskedBatchNorm(momentum=1.5)
