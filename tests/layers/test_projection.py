"""Tokens of an encoder with a width of its own are thinned and projected."""

import keras
import numpy as np
import pytest

from polymodal.layers.projection import Projection

pytestmark = pytest.mark.engine


def test_numbers_are_dropped_in_training_only():
    keras.utils.set_random_seed(0)
    layer = Projection(4, dropout=0.8)
    inputs = np.ones((1, 1, 500), "float32")
    layer.build(inputs.shape)
    layer.kernel.assign(np.ones((500, 4)))
    whole = keras.ops.convert_to_numpy(layer(inputs))
    thin = keras.ops.convert_to_numpy(layer(inputs, training=True))
    np.testing.assert_allclose(whole, 500, rtol=1e-5)
    assert 300 < thin[0, 0, 0] < 700
    assert thin[0, 0, 0] != 500


def test_settings_make_it_again():
    layer = Projection(3, 0.5)
    assert Projection.from_config(layer.get_config()).dropout == 0.5
