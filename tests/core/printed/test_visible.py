import json

import pytest

from polymodal.core.printed.visible import one_line, to_json, visible

HOSTILE = [
    "\x1b[31m",
    "\x9b2J",
    "\x07",
    "\r",
    "\x7f",
    "\u202eabc",
    "\u2066",
    "\u2028",
    "\ud800",
    "\x00",
    "\x08\x08",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_terminal_obeys_is_spelled(text):
    shown = visible(f"a{text}b")
    assert shown.isprintable()
    assert shown.startswith("a\\")
    assert shown.endswith("b")
    shown.encode("utf-8")


@pytest.mark.parametrize("text", ["plain", "two\nlines\tof it", "né 語 🙂", "[/x]", "e\u0301"])
def test_other_text_stays_as_it_is(text):
    assert visible(text) == text


def test_a_name_stays_on_one_line():
    assert one_line("a\nError: b\tc") == "a\\nError: b\\tc"


@pytest.mark.parametrize("text", HOSTILE)
def test_json_means_the_same_and_shows_nothing_hidden(text):
    written = to_json({text: [text, "é"]})
    assert written.isprintable()
    assert "é" in written
    assert json.loads(written) == {text: [text, "é"]}
