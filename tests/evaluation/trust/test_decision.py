"""Answers are not the most probable class only where validation rows show that this helps."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from polymodal.core.errors import BundleError
from polymodal.evaluation.baseline import blind_baseline
from polymodal.evaluation.metrics import score
from polymodal.evaluation.store import read_predictions, write_predictions
from polymodal.evaluation.trust.decision import Decision, chosen
from polymodal.evaluation.trust.fit_decision import decide, decision_words, skew_words
from stated_answers import predictions

SHARES = np.array([0.7, 0.2, 0.08, 0.02])


def skewed(count, seed=0, even=True):
    """Returns probabilities that are right for a table of SHARES, on rows where classes are as
    frequent as each other, or as in that table."""
    rng = np.random.default_rng(seed)
    targets = rng.choice(4, count, p=None if even else SHARES)
    logits = rng.normal(size=(count, 4)) + 2.0 * np.eye(4)[targets]
    stated = np.exp(2.0 * logits) * SHARES
    return predictions(stated / stated.sum(1, keepdims=True), targets)


def test_logit_adjustment_is_kept_where_it_is_better_by_more_than_chance():
    words = skew_words(SHARES, list("abcd"), 1000)
    assert words == '"a" has 700 of 1,000 rows, "d" 20'
    found = decide(skewed(400), SHARES, "auto", words, split="val")
    assert found.kind == "logit_adjustment"
    assert 0.5 <= found.tau <= 1.5
    (said,) = decision_words(found)
    assert 'skewed ("a" has 700 of 1,000 rows' in said
    assert "Answers are chosen with logit adjustment" in said
    other = skewed(400, seed=1)
    assert score(found(other))["f1_macro"] > score(other)["f1_macro"] + 0.05
    np.testing.assert_array_equal(found(other).outputs, other.outputs)


def test_plain_answers_stay_where_nothing_is_better():
    right = skewed(300, even=False)
    right = replace(right, outputs=np.eye(4)[right.targets] * 0.9 + 0.025)
    found = decide(right, SHARES, "auto", "skewed", split="val")
    assert found.kind == "most_probable"
    assert not found.changes
    assert "answers are chosen as before" in decision_words(found)[0]
    assert decide(right, np.full(4, 0.25), "auto", "") is None
    few = decide(skewed(10), SHARES, "auto", "skewed", split="val")
    assert "too few validation rows" in decision_words(few)[0]


def test_thresholds_of_label_sets_are_tuned():
    rng = np.random.default_rng(0)
    targets = rng.random((600, 3)) < [0.5, 0.3, 0.05]
    logits = 1.5 * rng.normal(size=(600, 3)) + 3.0 * (targets - 0.5) + np.array([0, -1, -4])
    found = predictions(1 / (1 + np.exp(-logits)), targets, "multilabel")
    shares = targets.mean(axis=0)
    best = decide(found, shares, "auto", skew_words(shares, list("abc"), 600), split="val")
    assert best.kind in ("thresholds", "logit_adjustment")
    assert best.shift[2] > 1
    assert score(best(found))["f1_macro"] > score(found)["f1_macro"] + 0.1


def test_what_training_added_is_taken_off_the_probabilities_and_kept_in_the_answers():
    natural = skewed(200)
    prior = -np.log(SHARES)
    stated = natural.outputs * np.exp(prior)
    stated /= stated.sum(1, keepdims=True)
    found = Decision("training", tuple(prior), tuple(prior))
    model = replace(natural, outputs=stated.astype("float32"))
    undone = found.natural(model)
    np.testing.assert_allclose(undone.outputs, natural.outputs, atol=1e-5)
    np.testing.assert_array_equal(found(undone).answers, model.answers)
    assert (undone.answers != undone.outputs.argmax(1)).any()
    np.testing.assert_allclose(found.without_prior(stated, False), undone.outputs, atol=1e-5)
    back = found.shifted(undone.outputs, False)
    np.testing.assert_array_equal(back.argmax(1), model.answers)
    assert decide(undone, SHARES, "most_probable", "", prior).changes is False


def test_answers_stay_with_their_rows(tmp_path):
    one = skewed(50)
    found = Decision("thresholds", (0.0, 1.0, 2.0, 3.0))(one)
    assert (found.answers != one.answers).any()
    np.testing.assert_array_equal(found.take(np.arange(50) > 20).answers, found.answers[21:])
    write_predictions(tmp_path / "one.npz", found)
    np.testing.assert_array_equal(read_predictions(tmp_path / "one.npz").answers, found.answers)
    blind = blind_baseline(found, np.array([0, 0, 1]))
    assert set(blind.answers) == {0}
    label = found.task.answer(found, [0], None)
    assert label.prediction == found.labels[found.answers[0]]


def test_a_decision_is_read_back_and_one_that_is_none_refused():
    found = decide(skewed(200), SHARES, "thresholds", "skewed", split="val")
    state = json.loads(json.dumps(found.to_json()))
    assert Decision.from_json(state, 4) == found
    for change, said in (
        ({"shift": [1.0]}, '"shift" to be 4 numbers'),
        ({"kind": "x"}, '"kind"'),
        ({"prior": [1e9] * 4}, '"prior"'),
        ({"tau": "x"}, '"tau"'),
    ):
        with pytest.raises(BundleError) as caught:
            Decision.from_json(state | change, 4)
        assert said in str(caught.value)


def test_probabilities_of_0_and_1_can_be_shifted():
    assert chosen(np.array([[1.0, 0.0]]), np.array([0.0, 5.0]), False).tolist() == [0]
    assert chosen(np.array([[1.0, 0.0]]), np.array([0.0, 5.0]), True).tolist() == [[True, False]]
