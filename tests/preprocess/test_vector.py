"""Vectors: one length, finite, standardised by train."""

import json

import numpy as np
import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.seeds import generator
from polymodal.preprocess.vector import Vector


def test_standardised_by_train_and_restored():
    rows = np.random.default_rng(0).normal([5, -2, 0], [1, 10, 1e-9], (200, 3))
    vector, other = Vector(), Vector()
    vector.fit([vector.decode(row.tolist()) for row in rows])
    encoded = np.stack([vector.encode(vector.decode(row)) for row in rows])
    assert encoded.dtype == np.float32
    assert vector.shape == (3,)
    assert np.allclose(encoded.mean(0), 0, atol=1e-3)
    assert np.allclose(encoded.std(0), [1, 1, 0], atol=1e-3)
    other.restore(json.loads(json.dumps(vector.state())))
    assert np.array_equal(other.encode(vector.decode(rows[0])), encoded[0])


def test_json_text_is_a_list():
    assert Vector().decode(" [1, 2.5]").tolist() == [1, 2.5]


def test_noise_is_measured_in_deviations():
    vector = Vector(noise=0.5)
    vector.fit([np.array([0.0, 0.0], np.float32), np.array([2.0, 200.0], np.float32)])
    start = np.zeros(2, np.float32)
    draws = np.stack([vector.augment(start, generator(i)) for i in range(2000)])
    assert np.allclose(draws.std(0), [0.5, 50], rtol=0.1)
    assert np.array_equal(Vector().augment(start, generator(0)), start)


def test_suggestion_is_the_most_common_length():
    assert Vector.suggest([[1.0, 2.0], [1.0, 3.0], [1.0], None, "x"]) == {"dim": 2}
    assert Vector.suggest([None]) == {}


@pytest.mark.parametrize(
    ("cell", "message", "reason"),
    [
        ([1.0], "has 1 numbers, expected 2. Give every row as many", "wrong_length"),
        ([1.0, float("nan")], "has values that are not numbers", "not_finite"),
        ([1.0, None], "has values that are not numbers", "not_finite"),
        ([], "has 0 numbers", "empty_vector"),
        ("abc", "needs a list of numbers. Got 'abc'", "not_a_vector"),
        ([[1.0], [2.0]], "needs a list of numbers", "not_a_vector"),
        (3.0, "needs a list of numbers. Got 3.0", "not_a_vector"),
        ("[1, 2", "needs a list of numbers", "not_a_vector"),
    ],
)
def test_wrong_cells_say_what_is_wrong(cell, message, reason):
    with pytest.raises(DataError, match=message) as caught:
        Vector(dim=2).decode(cell)
    assert caught.value.reason == reason


def test_fit_refuses_two_lengths():
    with pytest.raises(DataError, match="has 1 numbers in one row and 2 in others"):
        Vector().fit([np.zeros(2, np.float32), np.zeros(1, np.float32)])


def test_wrong_arguments_fail_at_once():
    with pytest.raises(RecipeError, match="Vector needs dim from 1"):
        Vector(dim=0)
