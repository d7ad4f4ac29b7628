"""The calibration of words is a file of the bundle, and transcripts are made with it."""

import json

import pytest
import soundfile

import whistled
from polymodal.bundle.write import CONFIDENCE, seal
from polymodal.core.disk.files import write_json
from polymodal.core.errors import BundleError
from polymodal.inference.predictor import load
from polymodal.speech.decoding.confidence import WordCalibration
from polymodal.speech.recognition.transcribe import transcribe
from polymodal.speech.recognition.transcript import render
from small_recogniser import write_bundle

CURVE = WordCalibration("isotonic", ((0.0, 0.25), (1.0, 0.75)), 1200, 900, "val")


@pytest.fixture
def folder(tmp_path):
    soundfile.write(tmp_path / "a.flac", whistled.recording(["one two", "four"])[0], whistled.RATE)
    write_bundle(tmp_path / "run")
    return tmp_path


def heard(folder):
    return next(transcribe(load(folder / "run"), [folder / "a.flac"]))


def add(folder, state):
    write_json(folder / "run" / CONFIDENCE, state)
    seal(folder / "run")


def test_words_of_a_calibrated_bundle_have_calibrated_confidences(folder):
    raw = heard(folder)
    assert raw.as_json()["calibrated"] is False
    add(folder, CURVE.to_json())
    found = heard(folder)
    assert found.words
    assert found.as_json()["calibrated"] is True
    for word, own in zip(found.words, raw.words, strict=True):
        assert word.text == own.text
        assert word.confidence == pytest.approx(float(CURVE([own.confidence])[0]), abs=1e-5)
    shown = [line.split()[2] for line in render(found, "text", words=True).splitlines()]
    assert shown == [f"{word.confidence:.2f}" for word in found.words]
    assert json.loads(render(found, "json"))["words"][0]["confidence"] == pytest.approx(
        found.words[0].confidence, abs=1e-4
    )


def test_a_bundle_from_before_is_read_with_the_models_own_confidences(folder):
    assert not (folder / "run" / CONFIDENCE).exists()
    assert load(folder / "run").calibration is None


@pytest.mark.parametrize(
    "change", [{"points": [[0.0, 0.9], [1.0, 0.1]]}, {"points": [[0]]}, {"method": "exec"}]
)
def test_a_calibration_that_is_none_is_refused(folder, change):
    add(folder, CURVE.to_json() | change)
    with pytest.raises(BundleError, match="cannot be used"):
        load(folder / "run")
