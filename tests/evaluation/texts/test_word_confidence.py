"""Confidences of words become shares that are right, and judge no word by a curve that saw it."""

import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.scores.calibration import distance, reliability_of
from polymodal.evaluation.texts.word_confidence import (
    WordClaims,
    cross_fitted,
    fit_word_calibration,
    right_words,
    word_claims,
)


def too_sure(count, seed):
    """Words whose confidence claims far more than comes true."""
    rng = np.random.default_rng(seed)
    chance = rng.beta(4, 2, count)  # of being right
    return WordClaims(chance**0.25, rng.random(count) < chance, np.arange(count) // 5)


def error(confidence, right):
    return distance(reliability_of(confidence, right))


@pytest.mark.parametrize(("count", "method"), [(400, "logistic"), (4000, "isotonic")])
def test_calibration_makes_the_error_smaller_on_fresh_words(count, method):
    calibration = fit_word_calibration(too_sure(count, 0), "val")
    fresh = too_sure(5000, 1)
    before = error(fresh.confidence, fresh.right)
    after = error(calibration(fresh.confidence), fresh.right)
    assert calibration.method == method
    assert before > 0.15
    assert after < before / 4
    assert (calibration.num_words, calibration.split) == (count, "val")


def test_calibration_leaves_honest_confidences_almost_alone():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.3, 1, 3000)
    calibration = fit_word_calibration(
        WordClaims(confidence, rng.random(3000) < confidence, np.arange(3000))
    )
    assert np.abs(calibration(confidence) - confidence).mean() < 0.03


def test_words_told_apart_without_a_mistake_get_no_certainty():
    confidence = np.linspace(0.01, 0.99, 80)
    calibration = fit_word_calibration(WordClaims(confidence, confidence > 0.5, np.arange(80)))
    found = calibration(confidence)
    assert found[-1] > 0.9
    assert found[0] < 0.1
    assert 0 < found.min() <= found.max() < 1


def test_confidence_that_misleads_becomes_the_share_of_all():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.1, 0.9, 300)
    right = rng.random(300) < 1 - confidence
    found = fit_word_calibration(WordClaims(confidence, right, np.arange(300)))(confidence)
    np.testing.assert_allclose(found, right.mean(), atol=0.01)


@pytest.mark.parametrize(
    "claims",
    [
        None,
        too_sure(49, 0),
        too_sure(60, 0)._replace(right=np.ones(60, bool)),
        too_sure(60, 0)._replace(right=np.zeros(60, bool)),
    ],
)
def test_words_that_tell_no_curve_keep_their_confidence(claims):
    calibration = fit_word_calibration(claims, "val")
    assert calibration.method == "none"
    np.testing.assert_array_equal(calibration([0.2, 0.8]), [0.2, 0.8])
    assert calibration.num_words == (0 if claims is None else len(claims.right))


def test_no_word_is_judged_by_a_curve_that_saw_it():
    rng = np.random.default_rng(0)
    claims = WordClaims(rng.random(400), rng.random(400) < 0.5, np.arange(400) // 4)
    before = cross_fitted(claims)
    here = claims.utterance % 5 == 2
    after = cross_fitted(claims._replace(right=np.where(here, ~claims.right, claims.right)))
    np.testing.assert_array_equal(before[here], after[here])
    assert (before[~here] != after[~here]).any()


def test_words_are_right_by_the_alignment_of_the_error_rate():
    assert right_words(["one", "too", "three", "four"], "one two three") == [
        True,
        False,
        True,
        False,
    ]
    assert right_words(["“One”", "—", "TWO."], "one two") == [True, None, True]
    assert right_words(["two"], "one two") == [True]
    assert right_words(["a"], "") == [False]
    assert right_words([], "one") == []
    assert right_words(["两", "猫"], "两只猫") == [True, True]


def test_claims_leave_out_rows_without_a_transcript():
    words = np.empty(3, object)
    words[:] = [[("one", 0.9), ("too", 0.4)], [("three", 0.8)], []]
    targets = np.empty(3, object)
    targets[:] = [["one two"], [], ["four"]]
    found = Predictions(
        task_named("transcribe"),
        [],
        np.arange(3),
        np.array(["one too", "three", ""], object),
        targets,
        np.array([True, False, True]),
        ["audio"],
        np.ones((3, 1), bool),
        words=words,
    )
    claims = word_claims(found)
    np.testing.assert_allclose(claims.confidence, [0.9, 0.4])
    assert claims.right.tolist() == [True, False]
    assert word_claims(found.take(np.array([2]))) is None
    found.words = None
    assert word_claims(found) is None
