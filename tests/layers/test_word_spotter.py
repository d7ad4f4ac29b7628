"""Spotting words: from the best place, whatever their number, against words as texts have them."""

import keras
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from polymodal.layers.word_spotter import WordSpotter

SPOTS = [{"ids": [2], "share": 0.5}, {"ids": [2, 0], "share": 0.1}, {"ids": [1, 1], "share": 0.01}]
SHARES = np.array([0.5, 0.1, 0.01])
END = 3


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_before_training_each_word_has_its_usual_share_whatever_the_number_of_places():
    spotter = WordSpotter(SPOTS)
    for places in (1, 7):
        tokens = np.zeros((2, places, 4), "float32")
        chances = ops.sigmoid(spotter(tokens, np.ones((2, places), bool)))
        np.testing.assert_allclose(numpy(chances), [SHARES, SHARES], rtol=1e-4)


def test_masked_places_say_nothing():
    spotter, rng = WordSpotter(SPOTS), np.random.default_rng(0)
    tokens = rng.normal(size=(2, 5, 4)).astype("float32")
    mask = np.arange(5) < np.array([[5], [3]])
    want = numpy(spotter(tokens, mask))
    alone = numpy(spotter(tokens[1:, :3], mask[1:, :3]))
    np.testing.assert_allclose(want[1:], alone, rtol=1e-5, atol=1e-6)
    tokens[1, 3:] = np.nan
    np.testing.assert_allclose(numpy(spotter(tokens, mask)), want, rtol=1e-5)


def test_a_row_without_any_place_stays_finite():
    assert np.isfinite(numpy(WordSpotter(SPOTS)(np.ones((1, 3, 4), "float32"),
                                                np.zeros((1, 3), bool)))).all()


texts = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=5), min_size=2, max_size=2)


@settings(max_examples=25, deadline=None)
@given(st.lists(texts, min_size=1, max_size=3))
def test_the_loss_is_the_cross_entropy_of_the_words_that_the_texts_have(rows):
    targets = np.zeros((len(rows), 12), "int32")
    weights = np.zeros(targets.shape, "float32")
    for row, (first, second) in enumerate(rows):
        both = [*first, END, *second, END]
        targets[row, : len(both)] = both
        weights[row, : len(both)] = 0.25
    logits = np.linspace(-2, 2, len(rows) * 3).reshape(-1, 3).astype("float32")
    chances, want = 1 / (1 + np.exp(-logits)), 0.0
    for row, pair in enumerate(rows):
        has = [any(text[i:i + len(spot["ids"])] == spot["ids"]
                   for text in pair for i in range(len(text))) for spot in SPOTS]
        losses = -np.log(np.where(has, chances[row], 1 - chances[row]))
        want += losses.sum() * weights[row].sum()
    got = WordSpotter(SPOTS).loss(targets, ops.convert_to_tensor(logits), weights)
    np.testing.assert_allclose(float(got), want, rtol=1e-4)
