"""Tokens become words in every script."""

from __future__ import annotations

import pytest

from polymodal.preprocess.words import join_words
from polymodal.speech.transcript import TokenSpan
from polymodal.speech.words import words_from_spans


@pytest.mark.parametrize(("symbols", "words"), [
    (["a", "b", " ", "c"], ["ab", "c"]),
    (["it", "'s", " a", "."], ["it's", "a."]),
    (["两", "只", "，", "猫"], ["两", "只", "，", "猫"]),
    (["用", "G", "P", "快"], ["用", "GP", "快"]),
    (["ด", "ี", "ม", "า", "ก"], ["ดี", "ม", "า", "ก"]),  # a vowel sign stays with its consonant
    (["한", "국", " ", "말"], ["한국", "말"]),
])
def test_tokens_are_joined_to_words(symbols, words):
    spans = [TokenSpan(i, 2 * i, 2 * i + 1, 1.0) for i in range(len(symbols))]
    found = words_from_spans(spans, symbols, 0.5)
    assert [word.text for word in found] == words
    assert found[-1].end_seconds == 0.5 * spans[-1].end_frame
    assert join_words(word.text for word in found) == "".join(symbols).replace(
        "用GP", "用 GP").replace("GP快", "GP 快")
