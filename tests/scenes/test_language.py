import re

import pytest

from polymodal.core.seeds import generator
from polymodal.scenes import speech, statements, world
from polymodal.scenes.chinese import CHINESE
from polymodal.scenes.english import ENGLISH
from polymodal.scenes.language import Group, choose

LANGUAGES = pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])


def said(language, count=400, test=False, sorts=("captions", "questions")):
    for row in range(count):
        rng = generator(8, row)
        scene = world.scene(rng, test)
        for sort in sorts:
            make = statements.statement if sort == "captions" else statements.question
            patterns = getattr(language, sort)
            saying = make(scene, rng)
            pattern, _ = choose(patterns[saying.kind], test, rng)
            yield scene, saying, language.say(pattern, saying.slots, rng)


@LANGUAGES
def test_there_are_at_least_ten_patterns_of_each_sort(language):
    for sort in (language.captions, language.questions):
        assert sum(len(patterns) - 1 for patterns in sort.values()) >= 10
        assert all(len(set(patterns)) == len(patterns) for patterns in sort.values())
    assert set(language.captions) == set(statements.topics())


@LANGUAGES
def test_every_word_is_in_the_vocabulary_and_was_recorded_by_every_voice(language):
    words = {word for _, _, sentence in said(language, test=True) for word in sentence}
    vocabulary = set(language.vocabulary())
    assert words <= vocabulary
    assert len(words) > 0.9 * len(vocabulary)
    for part in ("train", "test"):
        for voice in speech.voices(part, language.code):
            assert vocabulary <= set(speech.index()["clips"][voice])


@LANGUAGES
def test_no_slot_stays_open(language):
    assert not any("{" in language.write(words) for *_, words in said(language, test=True))


def test_writing_joins_words_as_the_language_does():
    assert ENGLISH.write(["a", "star"]) == "a star"
    assert CHINESE.write(["一", "个", "星星"]) == "一个星星"


def test_english_says_an_before_a_vowel_and_is_with_one():
    rng = generator(0)
    words = ENGLISH.say(
        "there is no {colour} {shape} but a {colour} one",
        {"colour": "orange", "shape": "star"},
        rng,
    )
    assert words == ["there", "is", "no", "orange", "star", "but", "an", "orange", "one"]
    say = lambda n: ENGLISH.say(
        "there {are} {number} {group}", {"number": n, "group": Group(shape="star")}, rng
    )
    assert say(1) == ["there", "is", "one", "star"]
    assert say(2) == ["there", "are", "two", "stars"]


def test_the_last_pattern_is_for_test_only():
    patterns = ("one", "two", "new")
    train = {choose(patterns, False, generator(1, i)) for i in range(50)}
    test = {choose(patterns, True, generator(1, i)) for i in range(50)}
    assert train == {("one", False), ("two", False)}
    assert ("new", True) in test
    assert test > train


def test_statements_are_true():
    for scene, saying, _ in said(ENGLISH, sorts=["captions"]):
        things, slots = scene.things, saying.slots
        if saying.kind == "count":
            assert slots["group"].count(things) == slots["number"]
        elif saying.kind == "absent":
            assert (slots["colour"], slots["shape"]) not in {(t.colour, t.shape) for t in things}
        elif saying.kind == "colour":
            assert [t.colour for t in things if t.shape == slots["shape"]] == [slots["colour"]]


def test_answers_follow_from_the_scene():
    for scene, saying, _ in said(ENGLISH, sorts=["questions"]):
        things, slots = scene.things, saying.slots
        pairs = [(t.colour, t.shape) for t in things]
        if saying.kind == "presence":
            a = slots["a"]
            assert ((a.colour, a.shape) in pairs) == (saying.answer == "yes")
        elif saying.kind == "comparison":
            more = slots["group"].count(things) > slots["other"].count(things)
            assert more == (saying.answer == "yes")
        elif saying.kind == "shape":
            assert [s for c, s in pairs if c == slots["colour"]] == [saying.answer]
        elif saying.kind == "count":
            assert slots["group"].count(things) == int(saying.answer)
        elif saying.kind == "relation":
            i, j = things.index(slots["a"]), things.index(slots["b"])
            true = world.holds(slots["relation"], slots["a"], slots["b"], i > j)
            assert true == (saying.answer == "yes")


def test_yes_and_no_are_equally_likely():
    answers = [
        s.answer
        for _, s, _ in said(ENGLISH, 1000, sorts=["questions"])
        if s.answer in ("yes", "no")
    ]
    assert 0.45 < answers.count("yes") / len(answers) < 0.55


def test_nothing_in_a_chinese_sentence_is_latin():
    assert not any(re.search("[a-z]", CHINESE.write(words)) for *_, words in said(CHINESE))
