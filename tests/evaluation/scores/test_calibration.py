import numpy as np
import pytest

from polymodal.evaluation.scores.calibration import expected_calibration_error, reliability


def confident(make, right_share, confidence=0.8, n=100):
    one = make.classes(n=n, num_classes=2)
    one.outputs = np.tile([confidence, 1 - confidence], (n, 1))
    one.targets = (np.arange(n) >= right_share * n).astype(int)
    return one


def test_keeping_its_word_has_no_error(make):
    assert expected_calibration_error(confident(make, 0.8)) == pytest.approx(0)


def test_error_is_the_distance_between_claim_and_truth(make):
    assert expected_calibration_error(confident(make, 0.5)) == pytest.approx(0.3)


def test_bars_hold_every_row_once(make):
    bars = reliability(make.classes())
    assert sum(bar["n"] for bar in bars) == 300
    assert all(bar["low"] <= bar["confidence"] <= bar["high"] for bar in bars)


def test_certainty_falls_into_the_last_bin(make):
    bars = reliability(confident(make, 1.0, confidence=1.0))
    assert [bar["high"] for bar in bars] == [1.0]


def test_multilabel_counts_every_label(make):
    assert sum(bar["n"] for bar in reliability(make.multilabel())) == 200 * 5
