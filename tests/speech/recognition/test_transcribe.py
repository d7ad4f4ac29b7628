"""Files of any length become words with times, whatever fails among them."""

import numpy as np
import pytest
import soundfile

import whistled
from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import RecipeError
from polymodal.speech.recognition.transcribe import transcribe


def test_every_word_of_a_long_recording_is_found_at_its_time(predictor, long_file, spoken):
    path, starts = long_file
    (found,) = transcribe(predictor, [path])
    assert found.text == " ".join(spoken)
    assert found.seconds == pytest.approx(soundfile.info(path).duration)
    assert (
        np.abs(
            [word.start_seconds - start for word, start in zip(found.words, starts, strict=True)]
        ).max()
        < 0.05
    )
    assert all(word.confidence > 0.9 for word in found.words)
    assert [word for segment in found.segments for word in segment.words] == list(found.words)


def test_words_at_cuts_without_a_pause_are_neither_lost_nor_repeated(predictor, spoken, tmp_path):
    samples, _ = whistled.recording(spoken, pauses=False)
    soundfile.write(tmp_path / "a.wav", samples, whistled.RATE)
    (found,) = transcribe(predictor, [tmp_path / "a.wav"])
    assert found.text == " ".join(spoken)


@pytest.mark.parametrize("seconds", [2.0, 3.1, 6.0, 30.0])
def test_the_length_of_chunks_does_not_show(long_file, spoken, seconds):
    (found,) = transcribe(whistled.predictor(seconds), [long_file[0]])
    assert found.text == " ".join(spoken)


def test_other_rates_formats_and_channels_are_heard_alike(predictor, tmp_path):
    samples, _ = whistled.recording(["one two", "three"])
    high = np.interp(np.arange(3 * len(samples)) / 3, np.arange(len(samples)), samples)
    soundfile.write(tmp_path / "a.ogg", np.stack([high, high], axis=1), 3 * whistled.RATE)
    assert next(transcribe(predictor, [tmp_path / "a.ogg"])).text == "one two three"


def test_files_that_fail_are_named_and_the_others_are_kept(predictor, long_file, spoken, tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), whistled.RATE)
    whole = long_file[0].read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    soundfile.write(tmp_path / "one.wav", whistled.recording(["one"])[0], whistled.RATE)
    names = ["text.wav", "empty.wav", "absent.wav", "cut.flac", "one.wav"]
    found = list(transcribe(predictor, [tmp_path / name for name in names]))
    assert [one.text for one in found] == ["", "", "", "", "one"]
    assert found[-1].error is None
    for name, one in zip(names[:-1], found, strict=False):
        assert name in one.error
    again = list(transcribe(predictor, [tmp_path / "cut.flac", long_file[0]]))
    assert again[0].error
    assert again[1].text == " ".join(spoken)


def test_silence_and_a_click_are_no_words(predictor, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(whistled.RATE * 20), whistled.RATE)
    soundfile.write(tmp_path / "click.wav", np.ones(3), whistled.RATE)
    found = list(transcribe(predictor, [tmp_path / "silence.wav", tmp_path / "click.wav"]))
    assert [(one.text, one.words, one.error) for one in found] == [("", (), None)] * 2


def test_words_that_are_dreamt_in_pauses_are_left_out(tmp_path):
    soundfile.write(tmp_path / "a.wav", whistled.noisy_pauses(), whistled.RATE)
    (found,) = transcribe(whistled.predictor(dreams=True), [tmp_path / "a.wav"])
    assert found.text == "one two three"
    assert found.seconds == pytest.approx(len(whistled.noisy_pauses()) / whistled.RATE)


def test_a_word_that_fills_its_file_is_kept(predictor, tmp_path):
    said = whistled.whistle("nine")  # nothing around it, of which it could stand out
    soundfile.write(tmp_path / "a.wav", said, whistled.RATE)
    (found,) = transcribe(predictor, [tmp_path / "a.wav"])
    assert found.text == "nine"


def test_the_detector_and_not_the_model_leaves_them_out(tmp_path, monkeypatch):
    monkeypatch.setattr("polymodal.speech.recognition.transcribe.spoken", lambda words, *_: words)
    soundfile.write(tmp_path / "a.wav", whistled.noisy_pauses(), whistled.RATE)
    (found,) = transcribe(whistled.predictor(dreams=True), [tmp_path / "a.wav"])
    assert len(found.words) > 10


def test_short_files_share_batches(predictor, tmp_path, spoken):
    files = [tmp_path / f"{place}.wav" for place in range(8)]
    for file, text in zip(files, spoken, strict=False):
        soundfile.write(file, whistled.recording([text])[0], whistled.RATE)
    found = list(transcribe(predictor, files, batch_size=4))
    assert [one.text for one in found] == spoken[:8]
    assert {rows for rows, _, _ in predictor.model.shapes} == {4}


def test_few_shapes_reach_the_model(predictor, long_file):
    list(transcribe(predictor, [long_file[0]] * 2, batch_size=4))
    batches, lengths, _ = map(set, zip(*predictor.model.shapes, strict=True))
    assert batches <= {1, 2, 4}
    assert len(lengths) <= 8
    assert all(length % 8 == 0 for length in lengths)


@pytest.mark.parametrize("pauses", [True, False])
def test_the_real_time_factor_is_said_of_sound_that_is_counted_once(
    predictor, spoken, tmp_path, capsys, pauses
):
    samples, _ = whistled.recording(spoken, pauses=pauses)
    soundfile.write(tmp_path / "a.wav", samples, whistled.RATE)
    list(transcribe(predictor, [tmp_path / "a.wav"]))
    said = capsys.readouterr().err
    assert f"{len(samples) / whistled.RATE:,.1f} s of audio" in said
    assert "real-time factor" in said


def test_a_language_model_or_a_hot_word_decides_what_was_heard_badly(tmp_path):
    table = tmp_path / "texts.csv"
    table.write_text("text\n" + "nine five one\n" * 5)
    from polymodal.speech.recognition.reading import train_language_model

    train_language_model(table, "text", tmp_path / "lm.arpa", order=2)
    soundfile.write(tmp_path / "a.wav", whistled.recording(["nine five one"])[0], whistled.RATE)
    deaf = whistled.predictor(confusions={"v": "s"})
    assert next(transcribe(deaf, [tmp_path / "a.wav"])).text == "nine fise one"
    (found,) = transcribe(
        deaf, [tmp_path / "a.wav"], language_model=tmp_path / "lm.arpa", language_weight=2.0
    )
    assert found.text == "nine five one"
    assert found.choice["language_model"]["order"] == 2
    assert found.words[1].start_seconds == pytest.approx(0.6, abs=0.05)
    (found,) = transcribe(deaf, [tmp_path / "a.wav"], hot_words=["five"])
    assert found.text == "nine five one"
    assert found.choice == {
        "beam": 16,
        "language_model": None,
        "hot_words": ["five"],
        "calibrated": False,
    }


def test_one_file_needs_no_list(predictor, tmp_path):
    soundfile.write(tmp_path / "a.wav", whistled.recording(["two"])[0], whistled.RATE)
    for file in (tmp_path / "a.wav", str(tmp_path / "a.wav")):
        assert [found.text for found in transcribe(predictor, file)] == ["two"]


@pytest.mark.parametrize(("wrong", "right"), [("bem", "beam"), ("batchsize", "batch_size")])
def test_a_choice_that_there_is_not_is_refused_with_the_nearest(predictor, wrong, right):
    with pytest.raises(RecipeError, match=f'No setting named "{wrong}".*Did you mean "{right}"'):
        transcribe(predictor, ["a.wav"], **{wrong: 3})


def test_runs_that_do_something_else_are_refused(predictor):
    predictor.recipe.inputs["note"] = {"modality": "text"}
    predictor.inputs.append(type(predictor.inputs[0])(name="note"))
    with pytest.raises(RecipeError, match=r"only input is audio. Got audio and text. Use predict"):
        transcribe(predictor, ["a.wav"])
    predictor.task = task_named("classification")
    with pytest.raises(RecipeError, match=r"task transcribe. Got classification"):
        transcribe(predictor, ["a.wav"])


def test_sound_of_too_low_a_rate_is_refused(predictor):
    predictor.inputs[0].modality.sample_rate = 4000
    with pytest.raises(RecipeError, match=r"sample_rate of at least 8000. Got 4000"):
        transcribe(predictor, ["a.wav"])
