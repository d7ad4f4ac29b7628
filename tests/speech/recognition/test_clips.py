"""The words of a row of a table come with their times."""

import numpy as np
import pytest
import soundfile

import polymodal as pm
import whistled
from polymodal.speech.recognition.clips import clip_words


@pytest.fixture
def table(tmp_path):
    samples, starts = whistled.recording(["one two", "three"])
    soundfile.write(tmp_path / "a.flac", samples, whistled.RATE)
    (tmp_path / "t.csv").write_text("audio,said\na.flac,one two three\n,nothing\nb.flac,gone\n")
    return pm.read(tmp_path / "t.csv"), starts


def test_words_of_a_row_are_heard_where_they_are_said(predictor, table):
    rows, starts = table
    words = clip_words(predictor, rows, 0)
    assert [word.text for word in words] == ["one", "two", "three"]
    np.testing.assert_allclose([word.start_seconds for word in words], starts, atol=0.06)


def test_rows_without_sound_that_can_be_read_have_no_words(predictor, table):
    assert clip_words(predictor, table[0], 1) is None
    assert clip_words(predictor, table[0], 2) is None


def test_runs_with_other_inputs_have_no_times(predictor, table):
    predictor.recipe.inputs["audio"]["modality"] = "video"
    assert clip_words(predictor, table[0], 0) is None
