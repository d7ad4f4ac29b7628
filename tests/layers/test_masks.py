import keras
import numpy as np
import pytest

from polymodal.layers.masks import every, hide, repeat_mask

numpy = keras.ops.convert_to_numpy


def test_hidden_places_are_zero_even_where_they_hold_no_number():
    values = np.array([[1.0, np.nan], [np.inf, 2.0]], "float32")
    hidden = hide(keras.ops.convert_to_tensor(values), np.array([[True, False], [False, True]]))
    assert numpy(hidden).tolist() == [[1.0, 0.0], [0.0, 2.0]]


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_shortened_mask_keeps_each_step_that_starts_on_a_real_one(stride):
    mask = np.arange(7) < np.array([[7], [4], [1], [0]])
    found = numpy(every(keras.ops.convert_to_tensor(mask), stride))
    assert found.dtype == bool
    np.testing.assert_array_equal(found, mask[:, ::stride])


def test_a_picture_is_present_at_all_its_places_or_at_none():
    assert numpy(repeat_mask(np.array([True, False]), 3)).tolist() == [[True] * 3, [False] * 3]
