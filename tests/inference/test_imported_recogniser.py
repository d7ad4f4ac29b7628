"""An imported recogniser transcribes files and tables as a run does."""

import pytest
import soundfile

import polymodal as pm
import recogniser_oracle as oracle
from polymodal.core.errors import DataError, RecipeError
from polymodal.inference.loading import load
from polymodal.pretrained.speech import transcribing

LONG = 5.3  # seconds; a window has 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("imported")
    sounds = [*oracle.waveforms((1.5, 0.8)), *oracle.waveforms((LONG,))]
    for number, samples in enumerate(sounds):
        soundfile.write(base / f"{number}.wav", samples, 16_000)
    pm.import_model(oracle.save(oracle.model(), base / "checkpoint"), base / "model")
    rows = "".join(f"{number}.wav,a b\n" for number in range(len(sounds)))
    (base / "rows.csv").write_text(f"clip,words\n{rows}")
    (base / "torn.csv").write_text(f"clip,words\n{rows}gone.wav,x\n")
    return base


@pytest.fixture(autouse=True)
def _once(monkeypatch):
    """What a random model writes is unlikely: it is not decoded again here."""
    monkeypatch.setattr(transcribing, "_LEAST_LIKELY", -100.0)
    monkeypatch.setattr(transcribing, "_MOST_REPETITIVE", 100.0)


@pytest.fixture(scope="module")
def model(folder):
    return load(folder / "model")


def test_files_of_any_length_are_transcribed_in_order(folder, model):
    files = [folder / f"{number}.wav" for number in (0, 2, 1)]
    found = list(model.transcribe([*files, folder / "gone.wav"], language="de"))
    assert [one.file for one in found[:3]] == [str(file) for file in files]
    assert "gone.wav" in found[3].error
    assert found[1].seconds == pytest.approx(LONG)
    for one in found[:3]:
        starts = [segment.start_seconds for segment in one.segments]
        assert starts == sorted(starts)
        assert all(s.start_seconds < s.end_seconds <= one.seconds for s in one.segments)
        assert one.as_json()["language"] == "de"
        assert one.text == " ".join(s.text for s in one.segments).strip() or one.segments


def test_a_table_is_predicted_and_scored(folder, model):
    found = model.evaluate(folder / "rows.csv", target="words", language="en")
    assert found["rows"]["used"] == 3
    assert set(found["metrics"]) == {"wer", "cer"}
    again = pm.load(folder / "model").predict(folder / "rows.csv", language="en")
    assert [one["error"] for one in again] == [None] * 3


def test_a_row_that_cannot_be_read_is_named(folder, model):
    with pytest.raises(DataError, match=r"torn.csv row 4.*gone.wav"):
        model.evaluate(folder / "torn.csv", target="words", language="en")
    found = model.predict(folder / "torn.csv", language="en")
    assert list(found.errors) == [3]
    assert len(found) == 3


def test_what_there_is_not_is_refused(folder, model):
    with pytest.raises(RecipeError, match="needs --target"):
        model.evaluate(folder / "rows.csv")
    with pytest.raises(RecipeError, match='No language named "dee"'):
        model.transcribe([], language="dee")
    with pytest.raises(RecipeError, match="hot_words"):
        model.transcribe([], hot_words=["a"])
