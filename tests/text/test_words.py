"""Words in scripts with and without spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.text.words import is_unspaced, join_words, replace_words, split_words


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


@pytest.mark.parametrize(
    "text",
    [
        "two cats, isn't it?",
        "no! yes; so: 50% (or less) [sic].",
        "wait... what?!",
        "",
        "两只猫，在睡觉。",
        "他说：「好」（笑）！",
        "用GPU 很快",
        "你好，GPU。很快",
        "แมวสองตัว",
        "テキスト、です。",
        "한국어 문장.",
    ],
)
def test_joined_words_are_the_text(text):
    words = split_words(text)
    assert join_words(words) == text.replace("用GPU", "用 GPU")  # this space may be written or not


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["two", "cats,", "yes"], "two cats, yes"),
        (["wait", "...", "so"], "wait... so"),
        (["wait", "...and", "then"], "wait ...and then"),
        (["half", ".5"], "half .5"),
        (["two", "猫"], "two 猫"),
        (["猫", "two"], "猫 two"),
        (["两只", "猫，", "好"], "两只猫，好"),
    ],
)
def test_words_with_their_marks_are_joined(words, text):
    assert join_words(iter(words)) == text


@given(st.lists(st.text(st.sampled_from("ab,.!? 两猫，。")).map(str.strip).filter(bool)))
def test_joining_adds_nothing_but_spaces(words):
    assert join_words(words).replace(" ", "") == "".join(words).replace(" ", "")


@given(st.lists(st.text(st.sampled_from("abc'两猫，。,?")).filter(bool)))
def test_words_stay_apart(texts):
    words = split_words(" ".join(texts))
    assert split_words(join_words(words)) == words


@pytest.mark.parametrize(
    ("text", "unspaced"),
    [
        ("两 a", True),
        ("カ", True),
        ("ก", True),
        ("ั", True),
        ("a两", False),
        ("，", False),
        ("한", False),
        ("", False),
    ],
)
def test_scripts_without_spaces(text, unspaced):
    assert is_unspaced(text) == unspaced
