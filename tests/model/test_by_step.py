"""Texts per step are encoded without padding, with the numbers that they have with it."""

import keras
import numpy as np

from polymodal.encoders.text_transformer import TextTransformer
from polymodal.model.by_step import by_step, can_read_by_step


def texts():
    """Returns an encoder, ids (items, steps, pieces) and a mask (items, steps)."""
    encoder = TextTransformer(8, 1, 2, 16, vocabulary_size=20, num_positions=32, pooling="mean")
    encoder.build((None, None, 20))
    rng = np.random.default_rng(0)
    inputs = np.zeros((3, 15, 20), np.int32)
    mask = rng.random((3, 15)) < 0.8
    for item, step in zip(*np.nonzero(mask), strict=True):
        inputs[item, step, : rng.integers(1, 21)] = rng.integers(1, 21)
    return encoder, inputs, mask


def test_texts_per_step_are_encoded_without_padding():
    encoder, inputs, mask = texts()
    shapes = []

    def watched(ids, real, training):
        shapes.append(ids.shape)
        return encoder(ids, real, training=training)

    wanted = keras.ops.convert_to_numpy(encoder(inputs, mask)[0])
    np.testing.assert_allclose(by_step(watched, inputs, mask), wanted, atol=1e-5)
    assert sum(shape[0] for shape in shapes) == mask.sum()


def test_tokens_are_not_ids():
    encoder, inputs, mask = texts()
    assert can_read_by_step(encoder, inputs)
    assert not can_read_by_step(encoder, by_step(encoder, inputs, mask))
    assert not can_read_by_step(encoder, inputs[0])
