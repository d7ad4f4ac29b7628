"""Sentences about scenes are read back as claims."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.core.seeds import generator
from polymodal.scenes import statements, world
from polymodal.scenes.claims import judge
from polymodal.scenes.english import ENGLISH


def spoken(row, test):
    """Returns a scene and a true sentence about it."""
    rng = generator(7, row)
    scene = world.scene(rng, test)
    kind, slots, _ = statements.statement(scene, rng)
    pattern = ENGLISH.captions[kind][int(rng.integers(len(ENGLISH.captions[kind])))]
    return scene, ENGLISH.write(ENGLISH.say(pattern, slots, rng))


@pytest.mark.parametrize("test", [False, True])
def test_what_the_scenes_say_of_themselves_is_true(test):
    for row in range(400):
        scene, sentence = spoken(row, test)
        claims = judge(scene, sentence)
        assert claims, sentence
        assert all(right for _, right in claims), (sentence, claims)


def test_what_is_said_of_other_scenes_is_often_wrong():
    wrong = [
        not right
        for row in range(200)
        for _, right in judge(spoken(row + 1000, False)[0], spoken(row, False)[1])
    ]
    assert 0.5 < np.mean(wrong) < 0.95


def test_a_sentence_of_no_pattern_is_wrong_as_a_whole():
    scene, _ = spoken(0, False)
    assert judge(scene, "there is is a red") == [("sentence", False)]


def test_two_equal_objects_need_two_things():
    ball = world.Thing("circle", "red", "small", "plain", 0.5, 0.5, 0.1, 0)
    assert judge(world.Scene((ball,), 0), "there is a red circle and a red disc") == [
        ("object", True),
        ("object", False),
    ]
