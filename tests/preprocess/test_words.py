"""Words in scripts with and without spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.preprocess.words import replace_words, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("is there a red circle?", ["is", "there", "a", "red", "circle", "?"]),
        ("don't, isn’t", ["don't", ",", "isn’t"]),
        ("'quoted'", ["'", "quoted", "'"]),
        ("两只猫在睡觉。", ["两", "只", "猫", "在", "睡", "觉", "。"]),
        ("two猫cats", ["two", "猫", "cats"]),
        ("テキスト", ["テ", "キ", "ス", "ト"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("हिन्दी भाषा।", ["हिन्दी", "भाषा", "।"]),
        ("ง่าย", ["ง่", "า", "ย"]),
        ("", []),
    ],
)
def test_examples(text, words):
    assert split_words(text) == words


@given(st.text())
def test_nothing_but_spaces_is_lost(text):
    assert "".join(split_words(text)) == "".join(text.split())


@given(st.text())
def test_replacing_follows_the_words(text):
    count = len(split_words(text))
    assert replace_words(text, [False] * count, "#") == text
    assert split_words(replace_words(text, [True] * count, " # ")) == ["#"] * count
