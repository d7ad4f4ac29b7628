"""Strided convolutions of one place, which pool before and are not strided."""

from __future__ import annotations

import keras
import numpy as np

from polymodal.layers.residual import PaddedConv


def test_a_strided_convolution_of_one_place_sees_the_largest_of_each_window():
    conv = PaddedConv(4, size=1, strides=(2, 3))
    places = np.random.default_rng(0).normal(size=(2, 7, 8, 3)).astype("float32")
    found = keras.ops.convert_to_numpy(conv(keras.ops.convert_to_tensor(places)))
    kernel = keras.ops.convert_to_numpy(conv.conv.kernel)[0, 0]
    whole = np.pad(places, ((0, 0), (0, 1), (0, 1), (0, 0)))
    largest = whole.reshape(2, 4, 2, 3, 3, 3).max(axis=(2, 4))
    np.testing.assert_allclose(found, largest @ kernel, atol=1e-5)


def test_a_sequence_gives_the_same_however_far_it_is_padded():
    conv = PaddedConv(4, size=1, strides=(2, 2))
    steps = -np.random.default_rng(0).random((2, 5, 4, 3)).astype("float32")
    given = [np.pad(steps, ((0, 0), (0, more), (0, 0), (0, 0))) for more in (0, 1, 4)]
    short, *longer = (keras.ops.convert_to_numpy(conv(array)) for array in given)
    for found in longer:
        np.testing.assert_allclose(found[:, :3], short, atol=1e-6)


def test_few_channels_train_without_harm_to_memory():
    # 64x64 with 8 channels ended the process before: see the comment in PaddedConv
    conv = PaddedConv(16, size=1, strides=(2, 2))
    model = keras.Sequential(
        [keras.Input((64, 64, 8)), conv, keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(1e-4), "mse")
    for _ in range(5):
        loss = model.train_on_batch(np.ones((8, 64, 64, 8), "float32"), np.zeros((8, 1)))
    assert np.isfinite(loss)
