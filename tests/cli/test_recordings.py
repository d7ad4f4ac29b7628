"""Recordings on the command line: what is printed, written, and said of what fails."""

from __future__ import annotations

import json

import jiwer
import pytest
import soundfile

import whistled
from command_line import in_process, polymodal
from small_recogniser import write_bundle
from subtitle_parser import parse_subtitles


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run that hears something in everything, and two recordings."""
    folder = tmp_path_factory.mktemp("recordings")
    write_bundle(folder / "run")
    for name, texts in (("a", ["one two three", "four"]), ("b", ["five six"])):
        soundfile.write(folder / f"{name}.flac", whistled.recording(texts)[0], whistled.RATE)
    return folder


def test_one_object_names_what_failed_and_keeps_the_rest(folder):
    done = in_process(
        "transcribe",
        folder / "run",
        folder / "a.flac",
        folder / "absent.wav",
        folder / "b.flac",
        "--format",
        "json",
        "--hot-words",
        "one, two",
        check=False,
    )
    assert done.returncode == 1
    assert "absent.wav does not exist" in done.stderr
    assert "real-time factor" in done.stderr
    first, absent, second = json.loads(done.stdout)["files"]
    assert first["text"].split() == [word["text"] for word in first["words"]]
    assert first["seconds"] == pytest.approx(soundfile.info(folder / "a.flac").duration, abs=0.001)
    assert first["hot_words"] == ["one", "two"]
    assert absent["error"]
    assert second["text"]


def test_subtitles_go_next_to_each_other_into_a_folder(folder):
    in_process(
        "transcribe",
        folder / "run",
        folder / "a.flac",
        folder / "b.flac",
        "--format",
        "vtt",
        "--words",
        "--out",
        folder / "out",
    )
    for name in "ab":
        assert parse_subtitles((folder / "out" / f"{name}.vtt").read_text(encoding="utf-8"))


def test_a_weight_below_zero_is_refused_before_anything_is_loaded():
    done = polymodal("transcribe", "run", "a.wav", "--language-weight", -1, check=False)
    assert done.returncode == 2
    assert "'--language-weight': Input should be greater than or equal to 0" in done.stderr


def test_a_file_that_cannot_be_written_is_named_in_one_line(folder):
    (folder / "taken" / "a.txt").mkdir(parents=True)
    done = in_process(
        "transcribe", folder / "run", folder / "a.flac", "--out", folder / "taken", check=False
    )
    assert done.returncode == 1
    assert f"Error: {folder / 'taken' / 'a.txt'}: Is a directory." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_known_text_is_aligned(folder):
    (folder / "text.txt").write_text("One two three four")
    done = in_process(
        "align", folder / "run", folder / "a.flac", "--text-file", folder / "text.txt"
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [text for _, _, _, text in lines] == ["One", "two", "three", "four"]
    times = [float(time) for line in lines for time in line[:2]]
    assert times == sorted(times)


def test_a_language_model_is_trained_on_a_table(folder):
    (folder / "texts.csv").write_text("said\none two\nthree four\n")
    done = polymodal(
        "language-model",
        folder / "texts.csv",
        "--target",
        "said",
        "--out",
        folder / "lm.arpa",
        "--order",
        2,
    )
    assert "2 words" in done.stdout
    assert (folder / "lm.arpa").read_text().startswith("\\data\\")


def test_weight_and_bonus_of_the_language_model_can_be_chosen(folder):
    (folder / "words.csv").write_text("said\none two three\n")
    in_process(
        "language-model", folder / "words.csv", "--target", "said", "--out", folder / "words.arpa"
    )
    found = []
    for weight, bonus in ((0.25, 8), (2, -8)):
        done = in_process(
            "transcribe",
            folder / "run",
            folder / "a.flac",
            "--format",
            "json",
            "--language-model",
            folder / "words.arpa",
            "--language-weight",
            weight,
            "--word-bonus",
            bonus,
        )
        found.append(json.loads(done.stdout)["files"][0])
        assert found[-1]["language_model"]["weight"] == weight
        assert found[-1]["language_model"]["word_bonus"] == bonus
    many, few = (len(one["text"].split()) for one in found)
    assert many > few
    refused = in_process(
        "transcribe", folder / "run", folder / "a.flac", "--word-bonus", 1, check=False
    )
    assert refused.returncode == 1
    assert "needs a language_model for word_bonus. Got none" in refused.stderr


def test_a_table_is_scored_as_it_will_be_written_down(folder):
    (folder / "said.csv").write_text("audio,transcript\na.flac,one two three four\n")
    in_process(
        "language-model",
        folder / "said.csv",
        "--target",
        "transcript",
        "--out",
        folder / "said.arpa",
    )
    errors, texts = [], []
    for bonus in (8, -8):
        choice = ["--language-model", folder / "said.arpa", "--word-bonus", bonus]
        done = in_process(
            "evaluate", folder / "run", "--data", folder / "said.csv", "--json", *choice
        )
        errors.append(json.loads(done.stdout)["metrics"]["wer"])
        done = in_process(
            "predict", folder / "run", "--data", folder / "said.csv", "--json", *choice
        )
        texts.append(json.loads(done.stdout)["predictions"][0]["prediction"])
        assert errors[-1] == pytest.approx(jiwer.wer("one two three four", texts[-1]))
    many, few = (len(text.split()) for text in texts)
    assert many > few
    assert errors[0] > errors[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["transcribe", "run", "a.wav", "--format", "doc"], "--format needs one of text, json"),
        (["transcribe", "run", "a.wav", "b.wav", "--format", "srt"], "needs one file, or --out"),
        (["align", "run", "a.wav"], "align needs either --text or --text-file. Got neither"),
        (["align", "run", "a.wav", "--text-file", "absent.txt"], "absent.txt cannot be read"),
        (
            ["transcribe", "nosuch", "a.wav", "--engine", "none"],
            "nosuch needs to be a finished run",
        ),
        (["predict", "nosuch", "--data", "a.csv", "--json"], "nosuch needs to be a finished run"),
        (["report", "nosuch"], "nosuch needs to be a finished run"),
        (["transcribe", "run", "a.wav", "--language-model", "no.arpa"], "no.arpa does not exist"),
        (["transcribe", "run", "a.wav", "--out", __file__], "test_recordings.py cannot be written"),
        (["align", "run", "a.wav", "--text", "a", "--out", f"{__file__}/x"], "takes no files"),
        (["train", "--data", "a.csv", "--target", "b", "--out", f"{__file__}/x"], "takes no files"),
        (
            ["predict", "run", "--data", "a.csv", "--out", "."],
            "--out needs a name that ends in .csv",
        ),
        (
            ["language-model", "a.csv", "--target", "b", "--out", f"{__file__}/x.arpa"],
            "x.arpa cannot be written",
        ),
        (["demo", "--out", __file__], "takes no files"),
    ],
)
def test_mistakes_are_named_before_anything_is_loaded(arguments, message):
    done = polymodal(*arguments, check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
