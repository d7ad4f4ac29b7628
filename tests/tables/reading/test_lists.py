"""Texts that spell lists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.tables.reading.lists import parse_list

LABELS = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8),
    min_size=1,
    max_size=5,
)


@settings(max_examples=100)
@given(LABELS)
def test_what_python_prints_is_read(labels):
    assert parse_list(repr(labels)) == labels
    assert parse_list(repr(tuple(labels))) == labels


def test_other_forms():
    assert parse_list(str(np.array(["red", "round"]))) == ["red", "round"]
    assert sorted(parse_list("{'a', 'b'}") or ()) == ["a", "b"]
    assert parse_list('["a", null, 1]') == ["a", None, 1]
    assert parse_list("[]") == []


@pytest.mark.parametrize(
    "text",
    [
        "red, round",
        "(see 'x')",
        "['a'",
        "['a' b]",
        "",
        "[",
        "{}",
        5,
        "[a]",
        "[" * 100_000,
        "[" * 50_000 + "]" * 50_000,
        "('a'",
    ],
)
def test_what_is_no_list(text):
    assert parse_list(text) is None
