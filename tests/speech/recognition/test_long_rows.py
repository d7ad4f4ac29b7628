"""Rows of a table whose recordings are longer than those of training are heard whole."""

from __future__ import annotations

import json

import pytest
import soundfile

import whistled
from command_line import in_process as polymodal
from polymodal.inference.predictor import load
from polymodal.speech.recognition.transcribe import transcribe
from small_recogniser import write_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory, spoken):
    """A run that keeps 6 s of a recording, and a table of one of 3 s and one of a minute."""
    folder = tmp_path_factory.mktemp("long")
    write_bundle(folder / "run")
    for name, texts in (("short", ["one two"]), ("long", spoken)):
        soundfile.write(folder / f"{name}.flac", whistled.recording(texts)[0], whistled.RATE)
    (folder / "table.csv").write_text(
        "audio,transcript\nshort.flac,one two\nlong.flac," + " ".join(spoken) + "\n"
    )
    return folder


@pytest.mark.parametrize("choice", [{}, {"hot_words": ["five"]}])
def test_they_are_predicted_as_their_files_are_transcribed(folder, choice):
    predictor = load(folder / "run")
    found = predictor.predict(folder / "table.csv", **choice)
    files = [folder / "short.flac", folder / "long.flac"]
    short, long = transcribe(predictor, files, **choice)
    assert found.outputs.tolist() == [short.text, long.text]
    assert long.seconds > 60
    assert found.truncated == {}


def test_scores_are_of_the_whole_and_say_how_they_were_counted(folder):
    done = polymodal("evaluate", folder / "run", "--data", folder / "table.csv", "--json")
    found = json.loads(done.stdout)
    heard = found["transcripts"]
    _, long = transcribe(load(folder / "run"), [folder / "short.flac", folder / "long.flac"])
    assert long.text in [one["hypothesis"] for one in heard["worst"]]
    assert found["metrics"]["wer"] == pytest.approx(
        heard["counts"]["errors"] / heard["counts"]["reference"]
    )
    assert heard["normalisation"] == "basic 1"
    shown = polymodal(
        "evaluate", folder / "run", "--data", folder / "table.csv", "--normalisation", "english"
    ).stdout
    assert 'normalisation "english 2"' in shown
    assert "transcripts with the most errors" in shown


def test_an_unknown_normalisation_is_refused(folder):
    done = polymodal(
        "evaluate",
        folder / "run",
        "--data",
        folder / "table.csv",
        "--normalisation",
        "french",
        check=False,
    )
    assert done.returncode
    assert "one of none, basic, english. Got" in done.stderr
