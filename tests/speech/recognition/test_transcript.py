"""Transcripts are written so that people, players and programs read them."""

import json

import pytest

from polymodal.core.errors import RecipeError
from polymodal.speech.recognition.transcribe import transcribe
from polymodal.speech.recognition.transcript import (
    check_format,
    render,
    write_transcript,
)
from subtitle_parser import parse_subtitles


@pytest.fixture
def found(predictor, long_file):
    return next(transcribe(predictor, [long_file[0]]))


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_subtitles_are_read_back(found, spoken, name):
    shown = parse_subtitles(render(found, name))
    assert " ".join(" ".join(s.text for s in shown).split()) == " ".join(spoken)
    for before, after in zip(shown, found.segments, strict=True):
        assert before.start_seconds == pytest.approx(after.start_seconds, abs=0.001)


def test_words_get_their_times(found):
    cues = parse_subtitles(render(found, "srt", words=True))
    assert [cue.text for cue in cues] == [word.text for word in found.words]
    lines = render(found, "text", words=True).splitlines()
    assert [line.split()[3] for line in lines] == [word.text for word in found.words]
    assert "<00:00:" in render(found, "vtt", words=True)


def test_json_holds_everything(found):
    whole = json.loads(render(found, "json"))
    assert whole["text"] == found.text
    assert len(whole["words"]) == len(found.words)
    assert set(whole["words"][0]) == {"text", "start_seconds", "end_seconds", "confidence"}
    assert whole["segments"][0]["start_seconds"] == whole["words"][0]["start_seconds"]
    assert whole["language_model"] is None
    assert whole["error"] is None


def test_files_are_written_under_their_names(found, tmp_path):
    path = write_transcript(found, tmp_path / "out", "text")
    assert path == tmp_path / "out" / "long.txt"
    assert path.read_text(encoding="utf-8") == render(found, "text")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("doc",), "--format needs one of text, json, srt, vtt. Got 'doc'"),
        (("srt", ["a.wav", "b.wav"]), "--format srt needs one file, or --out with a folder"),
        (("text", ["a/x.wav", "b/x.wav"], "out"), "--out needs files of different names. Got 'x'"),
        (
            ("srt", ["a.wav"], "a.srt"),
            "--out needs a folder, which gets a file for each recording. Got a.srt. Write --out a",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_first(arguments, message):
    with pytest.raises(RecipeError, match=message):
        check_format(*arguments)
