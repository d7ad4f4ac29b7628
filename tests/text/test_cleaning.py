"""Cleaning of text, on examples and on anything."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.text.cleaning import HIDDEN_WORD, clean_text


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("  two\t\n cats\u00a0here\u3000", "two cats here"),
        ("Tom &amp; Jerry&#39;s &lt;3", "tom & jerry's <3"),
        ("a &amp;amp; b", "a & b"),
        ("<p class='x'>One</p><br/>two<!-- gone --><script>x()</script>", "one two"),
        ("x < y and z > 3, <unk> stays", "x < y and z > 3, <unk> stays"),
        ("query?a=1&copy=2 AT&T", "query?a=1&copy=2 at&t"),
        ("zero\u200bwidth\ufeff \u0007bell\x00", "zerowidth bell"),
        ("e\u0301", "é"),
        ("half \ud800 surrogate", "half surrogate"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("两只猫。", "两只猫。"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("lost \ufffd letter", "lost letter"),
        ("<br>", ""),
    ],
)
def test_examples(dirty, clean):
    assert clean_text(dirty) == clean


def test_capitals_stay_when_asked():
    assert clean_text("New <b>York</b>", lowercase=False) == "New York"


MESSY = st.text() | st.lists(
    st.sampled_from(
        [
            "&amp;",
            "&lt;",
            "<b>",
            "</p>",
            "&#0;",
            "\u0301",
            "A",
            "İ",
            " ",
            "\u200d",
            "<!--",
            "-->",
            "猫",
            "\ud83d",
            "<script>",
            "</script>",
            "&#x110000;",
        ]
    )
).map("".join)


@given(MESSY, st.booleans())
def test_clean_text_is_tidy_and_stays_so(text, lowercase):
    clean = clean_text(text, lowercase)
    assert clean == clean_text(clean, lowercase)
    assert clean == unicodedata.normalize("NFC", clean)
    assert clean == " ".join(clean.split())
    assert HIDDEN_WORD not in clean
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in clean)
    clean.encode("utf-8")
