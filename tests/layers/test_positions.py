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
    query, key = (
        np.tile(rng.normal(size=(1, 1, 1, 8)).astype("float32"), (1, 1, 6, 1)) for _ in range(2)
    )
    turned = [
        keras.ops.convert_to_numpy(rotate(keras.ops.convert_to_tensor(t)))[0, 0]
        for t in (query, key)
    ]
    products = turned[0] @ turned[1].T
    np.testing.assert_allclose(products[0, 2], products[3, 5], atol=1e-4)
    assert abs(products[0, 2] - products[0, 4]) > 1e-4


def test_no_position_is_refused():
    with pytest.raises(RecipeError, match=r"max_length of at least 1. Got 0. Pass the longest"):
        LearnedPositions(0)


def test_rotation_turns_each_pair_of_halves_by_its_angle_and_scales_it():
    tensor = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype("float32")
    pairs = tensor[..., :2] + 1j * tensor[..., 2:]
    angles = (np.arange(5)[:, None] + 7) * np.array([1.0, 0.01])
    expected = 0.5 * pairs * np.exp(1j * angles)
    found = keras.ops.convert_to_numpy(rotate(keras.ops.convert_to_tensor(tensor), 7, scale=0.5))
    np.testing.assert_allclose(found[..., :2] + 1j * found[..., 2:], expected, atol=1e-5)
