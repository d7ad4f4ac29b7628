"""Temperatures are fitted on rows that training did not see, and used where they help."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.evaluation.trust.fit_temperature import fit_temperatures
from stated_answers import overconfident, predictions


def test_the_temperature_that_was_planted_is_found():
    found = fit_temperatures([predictions(*overconfident(4000))], "val")
    assert found is not None
    assert found.patterns[0].source == "own"
    assert found.patterns[0].values[0] == pytest.approx(3.0, abs=0.25)
    before, after = found.figures["calibration_error"]
    assert before > 0.2
    assert after < 0.03
    assert found.figures["log_loss"][1] < found.figures["log_loss"][0] - 0.2


def test_probabilities_that_are_right_stay_as_they_are():
    found = fit_temperatures([predictions(*overconfident(60, scale=1.0, seed=3))], "val")
    assert found is not None
    before, after = found.figures["log_loss"]
    assert after <= before


def test_each_pattern_of_inputs_from_100_rows_has_its_own_and_smaller_ones_share():
    whole, hidden = overconfident(400, 3.0), overconfident(400, 1.5, seed=1)
    present = np.tile([True, False], (400, 1))
    large = fit_temperatures([predictions(*whole), predictions(*hidden, present=present)])
    assert large is not None
    values = {one.present: one.values[0] for one in large.patterns}
    assert values[(True, True)] == pytest.approx(3.0, abs=0.8)
    assert values[(True, False)] == pytest.approx(1.5, abs=0.4)
    small = fit_temperatures(
        [
            predictions(whole[0][:80], whole[1][:80]),
            predictions(hidden[0][:80], hidden[1][:80], present=present[:80]),
        ]
    )
    assert small is not None
    assert {one.source for one in small.patterns} <= {"shared", "none"}


def test_labels_have_temperatures_of_their_own():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2000, 2)) * 2
    targets = rng.random((2000, 2)) < 1 / (1 + np.exp(-logits))
    stated = 1 / (1 + np.exp(-logits * [4.0, 1.0]))
    found = fit_temperatures([predictions(stated, targets, "multilabel")])
    assert found is not None
    assert found.patterns[0].values == pytest.approx((4.0, 1.0), rel=0.2)


def test_too_few_rows_give_none():
    assert fit_temperatures([predictions(*overconfident(19))]) is None
    assert fit_temperatures([]) is None


def test_groups_stay_in_one_fold():
    outputs, targets = overconfident(300)
    found = fit_temperatures([predictions(outputs, targets, groups=np.arange(300) // 30)])
    assert found is not None
    assert found.num_rows == 300


def test_rows_that_are_all_right_do_not_make_answers_certain():
    outputs = np.full((200, 2), [0.9, 0.1])
    found = fit_temperatures([predictions(outputs, np.zeros(200, int))])
    assert found is not None
    stated = found(predictions(np.tile([0.9, 0.1], (1, 1)), np.ones(1, int))).outputs[0, 0]
    assert 0.99 < stated < 0.999  # one wrong row of 201 more would not be a surprise


def test_few_rows_that_are_all_right_do_not_make_answers_more_certain():
    outputs = np.full((100, 2), [0.97, 0.03])
    found = fit_temperatures([predictions(outputs, np.zeros(100, int))])
    assert found is not None
    assert [one.source for one in found.patterns] == ["none"]
