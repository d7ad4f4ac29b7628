"""Sound that comes in block by block is heard while it does."""

import itertools

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

import whistled
from polymodal.core.errors import DataError, RecipeError
from polymodal.speech.recognition.live import stream

PHRASES = st.lists(
    st.lists(st.sampled_from(whistled.WORDS), min_size=1, max_size=4).map(" ".join),
    min_size=1,
    max_size=4,
)


def blocks_of(samples, size):
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def final_text(results):
    return " ".join(one.text for one in results if one.is_final)


@settings(max_examples=15)
@given(PHRASES, st.integers(100, 20_000), st.booleans())
def test_the_final_results_are_the_transcript_for_any_blocks(texts, size, pauses):
    samples, starts = whistled.recording(texts, pauses=pauses)
    results = list(stream(whistled.predictor(), blocks_of(samples, size)))
    assert final_text(results) == " ".join(texts)
    words = [word for one in results if one.is_final for word in one.words]
    assert (
        np.abs(
            [word.start_seconds - start for word, start in zip(words, starts, strict=True)]
        ).max()
        < 0.05
    )


def test_a_pause_makes_a_phrase_final_before_the_next_one_is_over(predictor):
    samples, _ = whistled.recording(["one two", "three four"])
    blocks = iter(blocks_of(samples, 800))
    results = stream(predictor, blocks)
    first = next(one for one in results if one.is_final)
    assert first.text == "one two"
    assert len(list(blocks)) > 5


def test_partial_results_grow_until_they_are_final(predictor):
    samples, _ = whistled.recording(["one two three four"])
    results = list(stream(predictor, blocks_of(samples, 800), update_seconds=0.3))
    partial = [one.text for one in results if not one.is_final]
    assert len(partial) > 4
    assert all(
        len(after) > len(before) or after == "" for before, after in itertools.pairwise(partial)
    )
    assert final_text(results) == "one two three four"


def test_speech_without_a_pause_becomes_final_all_the_same(predictor, spoken):
    samples, _ = whistled.recording(spoken, pauses=False)
    results = list(stream(predictor, blocks_of(samples, 4000)))
    assert final_text(results) == " ".join(spoken)
    assert sum(one.is_final for one in results) > 5


def test_what_is_read_again_is_bounded(predictor, spoken):
    samples, _ = whistled.recording(spoken, pauses=False)
    list(stream(predictor, blocks_of(samples, 4000)))
    assert max(steps for _, steps, _ in predictor.model.shapes) <= 6.5 * 100 + 80


def test_silence_says_nothing_and_is_not_kept(predictor):
    silence = np.zeros(whistled.RATE * 60, np.float32)
    assert list(stream(predictor, blocks_of(silence, 5000))) == []
    assert not predictor.model.shapes  # nor is it heard


def test_words_that_are_dreamt_in_pauses_are_left_out():
    results = list(stream(whistled.predictor(dreams=True), blocks_of(whistled.noisy_pauses(), 800)))
    assert final_text(results) == "one two three"


def test_a_word_with_nothing_around_it_is_heard_when_the_sound_ends(predictor):
    results = list(stream(predictor, blocks_of(whistled.whistle("nine"), 700)))
    assert final_text(results) == "nine"


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("kind", ["float32", "int16", "stereo"])
def test_blocks_are_heard_as_a_microphone_gives_them(predictor, rate, kind):
    samples, _ = whistled.recording(["one two", "three"])
    samples = soxr.resample(samples, whistled.RATE, rate)
    if kind == "int16":
        samples = np.rint(samples * 32767).astype(np.int16)
    if kind == "stereo":
        samples = np.stack([samples, samples], axis=1)
    assert final_text(stream(predictor, blocks_of(samples, 700), rate)) == "one two three"


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (np.full(8000, np.nan, np.float32), r"values of -1 to 1\. Got nan"),
        (np.full(8000, 2e4, np.float32), r"values of -1 to 1\. Got 20000"),
        (np.zeros((1, 2, 3)), r"Got float64 \(1, 2, 3\)"),
        ("sound", "Got <U5"),
    ],
)
def test_blocks_that_are_no_sound_are_refused(predictor, block, message):
    with pytest.raises(DataError, match=message):
        list(stream(predictor, [block]))


def test_a_rate_must_be_above_zero(predictor):
    with pytest.raises(RecipeError, match=r"sample_rate above 0\. Got 0"):
        stream(predictor, [], 0)


def test_times_must_be_above_zero(predictor):
    with pytest.raises(RecipeError, match=r"update_seconds and pause_seconds above 0. Got 0"):
        stream(predictor, [], update_seconds=0)
