import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.evaluation.captions.words import caption_words, word_runs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A dog's bone, isn't it?", "a dog 's bone is n't it"),
        ("the well-known T-shirt - new", "the well-known t-shirt new"),
        ('3.5 cats. "Hello" (there)', "3.5 cats hello there"),
        ("'quoted' words", "quoted words"),
        ("猫和dog在一起", "猫 和 dog 在 一 起"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("", ""),
    ],
)
def test_words_are_lower_case_without_punctuation(text, expected):
    assert caption_words(text) == expected.split()


@given(st.text())
def test_words_taken_apart_again_are_the_same(text):
    words = caption_words(text)
    assert all(words)
    assert [part for word in words for part in word.split()] == words


@given(st.lists(st.sampled_from("abc"), max_size=9))
def test_every_run_is_counted(words):
    for size, runs in enumerate(word_runs(words), start=1):
        assert runs.total() == max(0, len(words) - size + 1)
        assert all(run in " ".join(words) for run in runs)
