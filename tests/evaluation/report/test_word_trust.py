"""The page says how far the confidence of words can be trusted, and where it comes from."""

import re

import numpy as np
import pytest

from polymodal.evaluation.report import ReportContent, write_report
from polymodal.evaluation.report.word_trust import word_trust
from polymodal.evaluation.texts.word_confidence import fit_word_calibration, word_claims


def errors(sentences):
    """The calibration error in use, and of the model by itself, in points."""
    return [float(number) for number in re.findall(r"(\d+\.\d) points\.", sentences)]


def fitted(predictions, split="val"):
    return fit_word_calibration(word_claims(predictions), split).to_json()


def test_calibrated_words_keep_their_word_on_a_part_of_their_own(make):
    state = fitted(make.written_down(200))
    found = word_trust(make.written_down(400, seed=1), "test", state)
    calibrated, raw = errors(found["sentences"])
    assert calibrated < raw / 3
    assert "calibrated on 1,000 words of val" in found["sentences"]
    assert sum(found["chart"].counts) == 2000
    assert found["chart"].unit == "words"


def test_the_part_it_was_fitted_on_is_judged_fifth_by_fifth(make):
    shown = make.written_down(200)
    found = word_trust(shown, "val", fitted(shown))
    assert "each fifth of it was calibrated on the other four" in found["sentences"]
    calibrated, raw = errors(found["sentences"])
    assert calibrated < raw / 2


def test_confidences_that_stay_as_they_are_say_why(make):
    shown = make.written_down(30)
    few = make.written_down(5)
    assert (
        "val has 25 words, and calibration needs 50"
        in word_trust(shown, "test", fitted(few))["sentences"]
    )
    few = make.written_down(20)
    few.targets = np.array([[text] for text in few.outputs] + [None], object)[:-1]
    assert "all 100 words of val are right" in word_trust(shown, "test", fitted(few))["sentences"]
    assert word_trust(shown, "test", None)["sentences"].endswith("are the model's own.")
    shown.words = None
    assert word_trust(shown, "test", None) is None


@pytest.mark.parametrize("with_words", [True, False])
def test_the_page_shows_the_curve_of_words_where_there_are_any(make, tmp_path, with_words):
    shown = make.written_down(40)
    shown.words = shown.words if with_words else None
    page = write_report(tmp_path, ReportContent("R", {"test": shown}, "transcript"))
    text = page.read_text(encoding="utf-8")
    assert ("Confidence in a word against share right" in text) == with_words
    assert ('href="#trust"' in text) == with_words
    assert (tmp_path / "plots" / "calibration.png").exists() == with_words
