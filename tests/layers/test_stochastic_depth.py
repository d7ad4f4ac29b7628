"""Stochastic depth drops whole rows of a branch in training, and nothing in use."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.layers.stochastic_depth import StochasticDepth, depth_rates

pytestmark = pytest.mark.engine


def test_rows_lose_the_branch_and_the_mean_stays():
    import keras

    layer, ones = StochasticDepth(0.4), np.ones((500, 2, 3), "float32")
    found = keras.ops.convert_to_numpy(layer(ones, training=True))
    np.testing.assert_array_equal(found.std(axis=(1, 2)), 0)
    assert (found[:, 0, 0] == 0).mean() == pytest.approx(0.4, abs=0.08)
    assert found.mean() == pytest.approx(1.0, abs=0.1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(ones, training=False)), ones)
    assert not StochasticDepth(0.0).variables


def test_the_last_block_has_the_whole_rate():
    assert depth_rates(0.0, 2) == [0.0, 0.0]
    assert depth_rates(0.3, 3)[-1] == pytest.approx(0.3)
    with pytest.raises(RecipeError, match="StochasticDepth needs 0 <= rate < 1"):
        StochasticDepth(1.0)
