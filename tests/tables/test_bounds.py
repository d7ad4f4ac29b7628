"""What a table may hold at most."""

from __future__ import annotations

import json

import pytest

from polymodal.tables.bounds import MAX_DEPTH, deep_line, is_deep
from polymodal.tables.json_text import parse_json


@pytest.mark.parametrize(
    ("depth", "deep"), [(1, False), (MAX_DEPTH, False), (MAX_DEPTH + 1, True), (300, True)]
)
def test_text_and_value_agree_on_what_is_deep(depth, deep):
    text = '{"a": ' * (depth // 2) + "[" * (depth - depth // 2)
    text += "]" * (depth - depth // 2) + "}" * (depth // 2)
    assert is_deep(json.loads(text)) == deep
    assert (deep_line(text.encode()) is not None) == deep
    if deep:
        with pytest.raises(ValueError, match=r"^lists and objects are nested more than 32 levels"):
            parse_json(text)


def test_brackets_in_strings_and_side_by_side_are_not_deep():
    flat = json.dumps({"a": "[" * 100 + '\\"' + "{" * 100 + "\\", "b": [[]] * 100})
    assert deep_line(flat.encode()) is None
    deep = b"[" * 40 + b"]" * 40
    assert deep_line(b"\n".join([flat.encode()] * 3 + [deep])) == 3
