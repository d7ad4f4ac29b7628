import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.core.seeds import generator
from polymodal.scenes import speech


def level(samples):
    return 20 * np.log10(np.sqrt(np.mean(samples**2)))


def test_no_voice_speaks_in_both_parts():
    for language, train, test in (("en", 8, 3), ("zh", 2, 1)):
        assert len(speech.voices("train", language)) == train
        assert len(speech.voices("test", language)) == test
        assert not set(speech.voices("train", language)) & set(speech.voices("test", language))


def test_the_index_names_synthesiser_and_licence():
    assert "eSpeak NG" in speech.index()["synthesiser"]
    assert speech.index()["licence"] == "CC0-1.0"


def test_clips_are_short_words_at_one_level():
    clips = [
        speech.clip(voice, word)
        for voice, words in speech.index()["clips"].items()
        for word in words
    ]
    seconds = np.array([len(c) for c in clips]) / speech.sample_rate()
    levels = np.array([level(c) for c in clips])
    assert seconds.min() > 0.08
    assert seconds.max() < 1.2
    assert np.abs(np.median(levels) - levels).max() < 6


def test_voices_differ_in_the_same_word():
    spectra = [np.abs(np.fft.rfft(speech.clip(v, "purple"), 16384)) for v in speech.voices("train")]
    spectra = [s / np.linalg.norm(s) for s in spectra]
    likeness = [a @ b for i, a in enumerate(spectra) for b in spectra[:i]]
    assert max(likeness) < 0.95


def test_speaking_is_a_pure_function_of_its_random_numbers():
    first, again, other = (speech.speak(["red"], "ada", generator(s), True) for s in (0, 0, 1))
    assert first.dtype == np.float32
    assert (first == again).all()
    assert len(first) != len(other)


def test_a_sentence_lasts_as_long_as_its_words():
    words = ["is", "the", "red", "star", "left", "of", "the", "blue", "heart"]
    spoken = len(speech.speak(words, "ben", generator(0), False))
    clips = sum(len(speech.clip("ben", word)) for word in words)
    assert 0.9 * clips < spoken < 1.3 * clips + 0.8 * speech.sample_rate()


def test_test_speech_has_more_noise_than_train_speech():
    def floor(test):  # before the first word there is only noise
        return np.median(
            [level(speech.speak(["red"], "ada", generator(i), test)[:600]) for i in range(20)]
        )

    assert floor(True) > floor(False) + 5


def test_what_is_not_recorded_is_refused():
    with pytest.raises(RecipeError, match=r'No voice named "adda".*Did you mean "ada"'):
        speech.clip("adda", "red")
    with pytest.raises(RecipeError, match='No recorded word named "reed"'):
        speech.clip("ada", "reed")
