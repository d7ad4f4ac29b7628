import keras
import numpy as np
import pytest

from check_layer import call_plain, check_layer, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.layers.positions import LearnedPositions, rotate


def test_learned_positions_pass_the_harness():
    arrays = {"inputs": token_arrays()["inputs"]}
    check_layer(lambda: LearnedPositions(4), arrays, call_plain, needs_mask=False)


def test_rotated_products_depend_on_the_distance_only():
    rng = np.random.default_rng(0)
    query, key = (np.tile(rng.normal(size=(1, 1, 1, 8)).astype("float32"), (1, 1, 6, 1))
                  for _ in range(2))
    turned = [keras.ops.convert_to_numpy(rotate(keras.ops.convert_to_tensor(t)))[0, 0]
              for t in (query, key)]
    products = turned[0] @ turned[1].T
    np.testing.assert_allclose(products[0, 2], products[3, 5], atol=1e-4)
    assert abs(products[0, 2] - products[0, 4]) > 1e-4


def test_no_position_is_refused():
    with pytest.raises(RecipeError, match=r"max_length of at least 1. Got 0. Pass the longest"):
        LearnedPositions(0)
