import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.evaluation.captions.stems import stem


@pytest.mark.parametrize("words", [
    "dog dogs", "run running runs", "bake baking baked bakes", "baby babies", "ride riding rides",
    "stop stopped stopping", "play plays played playing", "quick quickly", "box boxes",
    "watch watches watched watching", "carry carries carried",
])
def test_forms_of_a_word_meet(words):
    assert len({stem(word) for word in words.split()}) == 1


@pytest.mark.parametrize("words", ["sing sings s", "bus but", "red ride", "is i", "grass gras"])
def test_different_words_stay_apart(words):
    first, other = words.split()[0], words.split()[-1]
    assert stem(first) != stem(other)


@settings(deadline=None)
@given(st.text(min_size=1))
def test_other_scripts_stay_as_they_are(word):
    if not word.isascii():
        assert stem(word) == word
