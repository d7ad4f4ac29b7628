"""Words and codes, in scripts with and without spaces."""

from __future__ import annotations

import pytest

from polymodal.tables.reading.free_text import is_code, num_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("is there a circle?", 4),
        ("", 0),
        ("左边有一个红色的圆", 4.5),
        ("北京", 1),
        ("พวกเขาไป", 4),
        ("iPhone 手机 very good", 4),
        ("ひらがなとカタカナ", 4.5),
        ("한국어 문장 입니다", 3),
    ],
)
def test_number_of_words(text, words):
    assert num_words(text) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1DmNV9C1hbY", True),
        ("user_17", True),
        ("a9f03c", True),
        ("jackson", False),
        ("New York", False),
        ("room 12 is free", False),
        ("有3个圆", False),
        ("well-known", False),
    ],
)
def test_codes(text, expected):
    assert is_code(text) is expected
