"""A text that a table lacks is transcribed from its sound, in training and in use alike."""

import shutil

import numpy as np
import pytest
import soundfile

import polymodal as pm
import recogniser_oracle as oracle
from polymodal.core.errors import BundleError, RecipeError
from polymodal.inference.hearing import Hearing
from polymodal.pretrained.speech import transcribing
from polymodal.recipe.infer import infer
from polymodal.tables.table import read
from polymodal.training.preparing.hearing import with_transcripts

ROWS = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("heard")
    for row in range(ROWS):
        sound = oracle.waveforms((0.5 + 0.1 * row,))[0]
        soundfile.write(base / f"{row}.wav", sound, 16_000)
    (base / "train.csv").write_text(
        "clip,mood\n" + "".join(f"{row}.wav,{['good', 'bad'][row % 2]}\n" for row in range(ROWS))
    )
    pm.import_model(oracle.save(oracle.model(False), base / "checkpoint"), base / "model")
    return base


@pytest.fixture(autouse=True)
def _quick(monkeypatch, tmp_path_factory):
    """What a random model writes is unlikely: it is not decoded again here."""
    monkeypatch.setattr(transcribing, "_LEAST_LIKELY", -100.0)
    monkeypatch.setattr(transcribing, "_MOST_REPETITIVE", 100.0)


@pytest.fixture(scope="module")
def run(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYMODAL_CACHE", str(folder / "cache"))
        patch.setattr(transcribing, "_LEAST_LIKELY", -100.0)
        patch.setattr(transcribing, "_MOST_REPETITIVE", 100.0)
        found = pm.SentimentAnalyser(
            "mood", inputs={"text": {"from": str(folder / "model")}}, training={"epochs": 1}
        )
        found.fit(folder / "train.csv", val=folder / "train.csv", out=folder / "run")
        shutil.copytree(folder / "run", folder / "moved")
        (folder / "model").rename(folder / "gone")
        yield found
        (folder / "gone").rename(folder / "model")


def test_the_recipe_says_what_is_transcribed(folder, run):
    heard = run.recipe.inputs["text"]["heard_by"]
    assert (heard["column"], heard["from"]) == ("clip", str(folder / "model"))
    assert len(heard["sha256"]) == 64


def test_a_clip_is_answered_as_its_transcript_by_a_copy_of_the_bundle(folder, run, monkeypatch):
    monkeypatch.setenv("POLYMODAL_CACHE", str(folder / "other"))
    moved = pm.load(folder / "moved")
    heard = Hearing(run.recipe.inputs, folder / "moved")(read([{"clip": str(folder / "3.wav")}]))
    text = heard.cell(0, "text")
    by_clip, by_text = moved.predict([{"clip": str(folder / "3.wav")}, {"text": text}])
    assert text
    assert by_clip["error"] is None
    assert by_clip["probabilities"] == pytest.approx(by_text["probabilities"])
    assert len(list((folder / "other" / "transcripts").iterdir())) == 1


def test_transcripts_of_training_are_kept_and_a_given_text_stays(folder, run, monkeypatch):
    monkeypatch.setattr(Hearing, "_transcripts", lambda *_: pytest.fail("transcribed again"))
    assert run.evaluate(folder / "train.csv")["rows"]["used"] >= ROWS - 2  # some say nothing
    table = read([{"clip": str(folder / "0.wav"), "text": "so good"}])
    assert Hearing(run.recipe.inputs, folder / "run")(table).cell(0, "text") == "so good"


def test_a_recording_that_cannot_be_read_leaves_the_text_empty(folder, run, capsys):
    (folder / "torn.wav").write_bytes(b"RIFF")
    filled = Hearing(run.recipe.inputs, folder / "run")(read([{"clip": str(folder / "torn.wav")}]))
    assert filled.cell(0, "text") is None
    assert "cannot be read" in capsys.readouterr().err


def test_another_recogniser_is_refused(folder, run):
    inputs = {
        "text": {
            "modality": "text",
            "heard_by": {**run.recipe.inputs["text"]["heard_by"], "sha256": "0" * 64},
        }
    }
    soundfile.write(folder / "new.wav", np.full(9_000, 0.01), 16_000)
    with pytest.raises(BundleError, match="recogniser that transcribes text"):
        Hearing(inputs, folder / "run")(read([{"clip": str(folder / "new.wav")}]))


def test_what_cannot_be_transcribed_is_refused(folder, tmp_path):
    words = read([{"line": "so good", "mood": "good"}, {"line": "so bad", "mood": "bad"}])
    (tmp_path / "model").mkdir()
    given = {"target": "mood", "inputs": {"text": {"heard_by": {"from": str(tmp_path / "model")}}}}
    with pytest.raises(RecipeError, match="needs the folder of a recogniser"):
        with_transcripts(given, {"train": words})
    wrong = {"target": "mood", "inputs": {"text": {"heard_by": {"of": "clip"}}}}
    with pytest.raises(RecipeError, match="heard_by"):
        with_transcripts(wrong, {"train": words})


def test_other_inputs_are_left_as_they_are():
    table = read([{"line": "so good", "mood": "good"}, {"line": "so bad", "mood": "bad"}])
    given = {"target": "mood"}
    assert with_transcripts(given, {"train": table})[0] == given
    assert "heard_by" not in str(infer(table, given).values)
