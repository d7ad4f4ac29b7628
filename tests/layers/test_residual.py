import keras
import numpy as np
import pytest

from check_layer import check_layer, token_arrays
from polymodal.layers.masks import hide
from polymodal.layers.residual import PaddedConv, ResidualBlock


def spectrograms():
    arrays = token_arrays(time=9, dim=5 * 2)
    return {**arrays, "inputs": arrays["inputs"].reshape(4, 9, 5, 2)}


def test_block_over_time_passes_the_harness():
    def call(layer, arrays, training=False):
        mask = arrays["inputs_mask"]
        return layer(hide(arrays["inputs"], mask), mask, training=training)

    check_layer(lambda: ResidualBlock(4, (2, 2), over_time=True), spectrograms(), call)


@pytest.mark.parametrize("training", [False, True])
def test_masked_steps_come_out_as_zeros(training):
    arrays = spectrograms()
    given = hide(arrays["inputs"], arrays["inputs_mask"])
    block = ResidualBlock(4, over_time=True)
    block.build(given.shape)
    for norm in (block.first_norm, block.second_norm, block.skip_norm):
        norm.shift.assign(keras.ops.ones(4))  # so that nothing is zero by itself
    result, mask = block(given, arrays["inputs_mask"], training=training)
    result, mask = (keras.ops.convert_to_numpy(found) for found in (result, mask))
    assert not result[~mask].any()
    assert result[mask].any()


def test_a_strided_step_does_not_move_with_the_length():
    layer = PaddedConv(3, strides=(2, 2))
    short = spectrograms()["inputs"]
    long = np.pad(short, ((0, 0), (0, 1), (0, 0), (0, 0)))
    one, other = (keras.ops.convert_to_numpy(layer(array)) for array in (short, long))
    np.testing.assert_allclose(one, other[:, :5], atol=1e-6)
