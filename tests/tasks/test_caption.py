"""Captions: several right texts at a time, by chance where a row has more."""

import json

import numpy as np
import pytest

from polymodal.core.errors import DataError
from polymodal.tasks.caption import CaptionTarget

CELL = ["A red ball.", "one ball", "the ball is red"]


def fitted(**settings):
    target = CaptionTarget(**settings)
    target.fit([CELL, "two balls"])
    return target


def test_words_of_all_references_are_known_after_restoring():
    target = CaptionTarget()
    target.restore(json.loads(json.dumps(fitted().state())))
    assert [target.decode(target.encode(text)) for text in CELL] == [
        "a red ball.",
        "one ball",
        "the ball is red",
    ]
    assert target.longest(CELL) == 5 + 5 + 3  # each with its end
    assert fitted(at_once=2).longest(CELL) == 5 + 5


def test_chance_picks_each_of_the_references():
    target, seen = fitted(at_once=1), set()
    for seed in range(30):
        seen.add(target.decode(target.encode(CELL, np.random.default_rng(seed))))
    assert seen == {"a red ball.", "one ball", "the ball is red"}
    assert target.decode(target.encode(CELL)) == "a red ball."


def test_training_takes_several_references_at_once_and_none_twice():
    target, pairs = fitted(at_once=2), set()
    for seed in range(30):
        several = target.encode(CELL, np.random.default_rng(seed))
        ends = np.flatnonzero(several == target.end_id) + 1
        assert ends[-1] == len(several) <= target.longest(CELL)
        texts = [target.decode(part) for part in np.split(several, ends[:-1])]
        assert len(set(texts)) == len(texts) == 2
        pairs.add(frozenset(texts))
    assert len(pairs) == 3
    assert len(target.encode("one ball", np.random.default_rng(0))) == 3


def test_each_caption_behind_another_has_a_start_of_its_own():
    target = fitted()
    both = target.encode_several(["one ball", "two balls"])
    start, end = target.start_id, target.end_id
    one, ball, two, balls = (target.labels.index(w) for w in ("one", "ball", "two", "balls"))
    assert both.tolist() == [one, ball, end, two, balls, end]
    assert target.previous(both[None]).tolist() == [[start, one, ball, start, two, balls]]


def test_no_more_at_once_than_a_row_of_train_has():
    assert fitted().at_once == 3
    target = CaptionTarget()
    target.fit(["a ball", "a box"])
    assert target.encode("a box", np.random.default_rng(0)).tolist() == [0, 2, 4]


def test_frequent_words_are_to_be_spotted():
    target = CaptionTarget()
    target.fit([["red ball", "a red ball"], "a blue box", "box"] * 5)
    again = CaptionTarget()
    again.restore(json.loads(json.dumps(target.state())))
    shares = {again.labels[spot["id"]]: spot["share"] for spot in again.spots}
    assert shares == {
        word: pytest.approx(share)
        for word, share in {
            "a": 2 / 3,
            "box": 2 / 3,
            "red": 1 / 3,
            "ball": 1 / 3,
            "blue": 1 / 3,
        }.items()
    }
    assert not fitted().spots  # two rows say nothing about how frequent words are


def test_what_an_older_bundle_holds_is_restored():
    state = fitted().state()
    del state["spots"]
    target = CaptionTarget()
    target.restore(state)
    assert target.decode(target.encode(CELL)) == "a red ball."


def test_empty_references_do_not_count():
    assert fitted().references(["", None, "a ball"]) == ["a ball"]


@pytest.mark.parametrize(
    ("cell", "message"),
    [([3], "needs a text or a list of texts. Got int"), ([], "has no text"), ("", "has no text")],
)
def test_what_is_no_caption_is_refused(cell, message):
    with pytest.raises(DataError, match=message):
        fitted().encode(cell)
