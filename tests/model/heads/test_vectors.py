"""Contrastive learning: pairs are told apart, but not rows that share a side."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.model.heads.vectors import ContrastiveLoss, PairHead, UnitVectors


def losses(ids, vectors):
    found = ContrastiveLoss(reduction=None).call(
        ops.convert_to_tensor(np.asarray(ids, np.float32)),
        ops.convert_to_tensor(np.asarray(vectors, np.float32)),
    )
    return ops.convert_to_numpy(found)


def test_equal_vectors_cost_the_logarithm_of_their_number():
    ids = np.stack([np.arange(1, 5), np.arange(11, 15)], axis=1)
    assert losses(ids, np.ones((4, 2, 3))) == pytest.approx([np.log(4)] * 4, rel=1e-5)


@pytest.mark.parametrize("ids", [[[1, 11], [1, 12], [2, 13]], [[1, 11], [3, 11], [2, 13]]])
def test_rows_that_share_a_side_are_no_negatives(ids):
    assert losses(ids, np.ones((3, 2, 3))) == pytest.approx(np.log([2, 2, 3]), rel=1e-5)


def test_rows_without_a_target_or_a_side_cost_nothing_and_are_no_negatives():
    vectors = np.ones((4, 2, 3))
    vectors[3, 1] = 0
    found = losses([[1, 11], [2, 12], [0, 0], [4, 14]], vectors)
    assert found == pytest.approx([np.log(2), np.log(2), 0, 0], rel=1e-5)


def test_vectors_have_one_length_and_a_missing_side_has_none():
    layer = UnitVectors(4, dropout=0.0, temperature=0.25)
    tokens = np.random.default_rng(0).normal(size=(3, 2, 6)).astype(np.float32)
    mask = np.array([[True, True], [True, False], [True, True]])
    found = ops.convert_to_numpy(layer(tokens, mask))
    lengths = np.linalg.norm(found, axis=-1)
    assert lengths[mask] == pytest.approx(2.0, rel=1e-3)  # of which the square is 1 / 0.25
    assert lengths[1, 1] == 0
    unit = PairHead(["a"], ["b"]).activate(found)
    assert np.linalg.norm(unit, axis=-1)[mask] == pytest.approx(1.0, rel=1e-4)


def test_the_temperature_is_checked():
    with pytest.raises(RecipeError, match=r"0.01 <= temperature <= 1. Got 2"):
        PairHead(["a"], ["b"], temperature=2)
