"""Tokens become words in every script."""

from __future__ import annotations

import pytest

from polymodal.speech.transcripts.transcript import TokenSpan, Word
from polymodal.speech.transcripts.words import spoken, words_from_spans
from polymodal.text.words import join_words


@pytest.mark.parametrize(
    ("symbols", "words"),
    [
        (["a", "b", " ", "c"], ["ab", "c"]),
        (["it", "'s", " a", "."], ["it's", "a."]),
        (["两", "只", "，", "猫"], ["两", "只", "，", "猫"]),
        (["用", "G", "P", "快"], ["用", "GP", "快"]),
        (["ด", "ี", "ม", "า", "ก"], ["ดี", "ม", "า", "ก"]),  # a vowel sign stays with its consonant
        (["한", "국", " ", "말"], ["한국", "말"]),
    ],
)
def test_tokens_are_joined_to_words(symbols, words):
    spans = [TokenSpan(i, 2 * i, 2 * i + 1, 1.0) for i in range(len(symbols))]
    found = words_from_spans(spans, symbols, 0.5)
    assert [word.text for word in found] == words
    assert found[-1].end_seconds == 0.5 * spans[-1].end_frame
    assert join_words(word.text for word in found) == "".join(symbols).replace(
        "用GP", "用 GP"
    ).replace("GP快", "GP 快")


@pytest.mark.parametrize(
    ("regions", "end", "kept"),
    [
        ([(1.0, 2.0)], 3.9, "abc"),  # short pauses are no evidence
        ([(1.0, 2.0)], 9.0, "ab"),
        ([(3.0, 4.0)], 5.0, "c"),
        ([(0.0, 2.6), (1.0, 2.0), (4.0, 4.1)], 9.0, "abc"),
        ([], 1.9, "abc"),
        ([], 9.0, ""),
    ],
)
def test_words_in_long_pauses_are_left_out(regions, end, kept):
    words = [Word("a", 0.9, 1.1), Word("b", 2.1, 2.5), Word("c", 2.7, 2.9)]
    assert "".join(word.text for word in spoken(words, regions, end)) == kept
