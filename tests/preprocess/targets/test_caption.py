"""Captions: one of several right texts at a time."""

import json

import numpy as np
import pytest

from polymodal.core.errors import DataError
from polymodal.preprocess.targets.caption import CaptionTarget

CELL = ["A red ball.", "one ball", "the ball is red"]


def fitted():
    target = CaptionTarget()
    target.fit([CELL, "two balls"])
    return target


def test_words_of_all_references_are_known_after_restoring():
    target = CaptionTarget()
    target.restore(json.loads(json.dumps(fitted().state())))
    assert [target.decode(target.encode(text)) for text in CELL] == [
        "a red ball.", "one ball", "the ball is red"]
    assert target.longest(CELL) == 5  # four words and the end


def test_chance_picks_each_of_the_references():
    target, seen = fitted(), set()
    for seed in range(30):
        seen.add(target.decode(target.encode(CELL, np.random.default_rng(seed))))
    assert seen == {"a red ball.", "one ball", "the ball is red"}
    assert target.decode(target.encode(CELL)) == "a red ball."


def test_empty_references_do_not_count():
    assert fitted().references(["", None, "a ball"]) == ["a ball"]


@pytest.mark.parametrize(("cell", "message"), [
    ([3], "needs a text or a list of texts. Got int"), ([], "holds no text"),
    ("", "holds no text")])
def test_what_is_no_caption_is_refused(cell, message):
    with pytest.raises(DataError, match=message):
        fitted().encode(cell)
