"""EfficientNet-Lite: published statistics in training."""

from __future__ import annotations

import keras
import numpy as np

from polymodal.encoders.efficientnet_lite import EfficientnetLite


def test_kept_statistics_are_used_in_training_too():
    as_array = keras.ops.convert_to_numpy
    network = EfficientnetLite(keeps_statistics=True)
    network.build((None, 32, 32, 3))
    images = np.random.default_rng(0).normal(2.0, 3.0, (4, 32, 32, 3)).astype("float32")
    before = [as_array(one) for one in network.non_trainable_variables]
    training, using = (network(images, np.ones(4, bool), training=how)[0] for how in (True, False))
    np.testing.assert_array_equal(as_array(training), as_array(using))
    for one, value in zip(network.non_trainable_variables, before, strict=True):
        np.testing.assert_array_equal(as_array(one), value)
    assert network.stem.norm.trainable_variables
