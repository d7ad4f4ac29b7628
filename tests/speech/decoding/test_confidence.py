"""A calibration of words is a rising curve that survives being written down."""

import json

import numpy as np
import pytest

from polymodal.speech.decoding.confidence import WordCalibration
from polymodal.speech.transcripts.transcript import Word

CURVE = WordCalibration("isotonic", ((0.2, 0.1), (0.6, 0.5), (1.0, 0.9)), 1200, 900, "val")


def test_confidences_follow_the_curve_and_stay_in_order():
    np.testing.assert_allclose(CURVE([0.0, 0.4, 0.6, 1.0]), [0.1, 0.3, 0.5, 0.9])
    assert (np.diff(CURVE(np.linspace(0, 1, 50))) >= 0).all()


def test_words_keep_text_and_times():
    (found,) = CURVE.words([Word("one", 0.5, 0.75, 0.6)])
    assert found == Word("one", 0.5, 0.75, 0.5)
    assert WordCalibration().words([found]) == [found]
    assert CURVE.words([]) == []


def test_what_was_written_is_read_again():
    assert WordCalibration.from_json(json.loads(json.dumps(CURVE.to_json()))) == CURVE
    assert WordCalibration.from_json(WordCalibration().to_json()) == WordCalibration()


@pytest.mark.parametrize(
    ("method", "points"),
    [
        ("isotonic", ()),
        ("none", ((0.0, 0.5),)),
        ("magic", ((0.0, 0.5),)),
        ("logistic", ((0.0, 0.5), (1.0, 0.4))),
        ("logistic", ((0.0, 0.5), (1.0, 1.4))),
        ("logistic", ((0.0, float("nan")),)),
    ],
)
def test_what_is_no_rising_curve_is_refused(method, points):
    with pytest.raises(ValueError, match="WordCalibration needs one of none, logistic, isotonic"):
        WordCalibration(method, points)
