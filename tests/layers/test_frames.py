"""Tokens of the frames of a video."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from polymodal.layers.frames import in_order, num_pooled, pooled

pytestmark = pytest.mark.engine


def tensors(*arrays):
    return [ops.convert_to_tensor(one) for one in arrays]


def test_neighbouring_positions_are_pooled_without_the_class_token():
    tokens = np.arange(17, dtype="float32").reshape(1, 1, 17, 1)
    mask = np.ones((1, 1, 17), bool)
    found, kept = map(ops.convert_to_numpy, pooled(*tensors(tokens, mask), None, 4))
    grid = tokens[0, 0, 1:, 0].reshape(4, 4)
    wanted = [grid[:2, :2].mean(), grid[:2, 2:].mean(), grid[2:, :2].mean(), grid[2:, 2:].mean()]
    np.testing.assert_allclose(found[0, 0, :, 0], wanted)
    assert kept.shape == (1, 1, 4)
    assert [num_pooled(17, None, most) for most in (1, 4, 16, 17, 40)] == [1, 4, 16, 17, 17]
    assert num_pooled(12, (3, 4), 6) <= 6


def test_absent_frames_stay_absent():
    tokens = np.ones((1, 2, 4, 3), "float32")
    mask = np.array([[[True] * 4, [False] * 4]])
    found, kept = pooled(*tensors(tokens, mask), (2, 2), 1)
    found, kept = map(ops.convert_to_numpy, in_order(found, kept))
    assert kept.tolist() == [[True, False]]
    assert not found[0, 1].any()


def test_tokens_tell_the_place_of_their_frame():
    tokens = np.ones((1, 3, 2, 4), "float32")
    mask = np.ones((1, 3, 2), bool)
    plain, _ = in_order(*tensors(tokens, mask), places=False)
    told, real = map(ops.convert_to_numpy, in_order(*tensors(tokens, mask)))
    assert real.shape == (1, 6)
    np.testing.assert_array_equal(ops.convert_to_numpy(plain), np.ones((1, 6, 4)))
    np.testing.assert_array_equal(told[0, :2], np.ones((2, 4)))
    assert abs(told[0, 2:4] - told[0, 4:]).max() > 0.1
