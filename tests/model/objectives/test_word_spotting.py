"""Spotting words: from the best place, whatever their number, against words as texts have them."""

from itertools import pairwise

import keras
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from polymodal.model.objectives.word_spotting import WordSpotting

SPOTS = [{"id": 2, "share": 0.5}, {"id": 0, "share": 0.1}, {"id": 1, "share": 0.01}]
SHARES = np.array([0.5, 0.1, 0.01])
PLACES = {2: 0, 0: 1, 1: 2}
END = 3


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_before_training_each_word_has_its_usual_share_whatever_the_number_of_places():
    spotter = WordSpotting(SPOTS)
    for places in (1, 7):
        tokens = np.zeros((2, places, 4), "float32")
        found, _ = spotter(tokens, np.ones((2, places), bool))
        chances = ops.sigmoid(spotter.presence(found))
        np.testing.assert_allclose(numpy(chances), [SHARES, SHARES], rtol=1e-4)


def test_masked_places_say_nothing():
    spotter, rng = WordSpotting(SPOTS), np.random.default_rng(0)
    tokens = rng.normal(size=(2, 5, 4)).astype("float32")
    mask = np.arange(5) < np.array([[5], [3]])
    words = np.array([[0, 2], [1, 1]], "int32")

    def read(tokens, mask, words):
        found, seen = spotter(tokens, mask)
        return numpy(spotter.presence(found)), numpy(spotter.following_chances(found, seen, words))

    want = read(tokens, mask, words)
    alone = read(tokens[1:, :3], mask[1:, :3], words[1:])
    for whole, part in zip(want, alone, strict=True):
        np.testing.assert_allclose(whole[1:], part, rtol=1e-5, atol=1e-6)
    tokens[1, 3:] = np.nan
    for before, after in zip(want, read(tokens, mask, words), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-5)


def test_a_row_without_any_place_stays_finite():
    spotter = WordSpotting(SPOTS)
    spotted = spotter(np.ones((1, 3, 4), "float32"), np.zeros((1, 3), bool))
    targets, weights = np.array([[2, 0, END]], "int32"), np.ones((1, 3), "float32")
    assert np.isfinite(float(spotter.loss(targets, spotted, weights)))


def test_what_follows_a_word_is_read_where_the_word_is_seen():
    spotter = WordSpotting(SPOTS)
    tokens = np.eye(4, dtype="float32")[None, :2]  # two places that look different
    mask = np.ones((1, 2), bool)
    spotter(tokens, mask)
    spotter.kernel.assign(20.0 * np.eye(4, 3))  # word 0 of the spots at the first, 1 at the second
    spotter.following.assign(np.array([[0, 0, 9], [9, 0, 0], [0, 0, 0], [0, 0, 0]]))
    spotter.embedding.assign(np.zeros((3, 4)))
    found, seen = spotter(tokens, mask)
    chances = numpy(spotter.following_chances(found, seen, np.array([[0, 1]], "int32")))
    assert chances[0].argmax(-1).tolist() == [2, 0]


texts = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=5), min_size=2, max_size=2)


@settings(max_examples=25)
@given(st.lists(texts, min_size=1, max_size=3))
def test_the_loss_is_the_cross_entropy_of_words_and_of_what_follows_them(rows):
    targets = np.zeros((len(rows), 12), "int32")
    weights = np.zeros(targets.shape, "float32")
    for row, (first, second) in enumerate(rows):
        both = [*first, END, *second, END]
        targets[row, : len(both)] = both
        weights[row, : len(both)] = 0.25
    rng, spotter = np.random.default_rng(0), WordSpotting(SPOTS)
    spotted = spotter(
        rng.normal(size=(len(rows), 4, 6)).astype("float32"), np.ones((len(rows), 4), bool)
    )
    chances, want = numpy(ops.sigmoid(spotter.presence(spotted[0]))), 0.0
    every = np.tile(np.arange(3, dtype="int32"), (len(rows), 1))
    follows = numpy(spotter.following_chances(*spotted, every))
    for row, pair in enumerate(rows):
        has = [any(spot["id"] in text for text in pair) for spot in SPOTS]
        losses = -np.log(np.where(has, chances[row], 1 - chances[row]))
        want += losses.sum() * weights[row].sum()
        want -= (
            5
            * 0.25
            * sum(follows[row, PLACES[a], PLACES[b]] for text in pair for a, b in pairwise(text))
        )
    got = spotter.loss(targets, spotted, weights)
    np.testing.assert_allclose(float(got), want, rtol=1e-4)
