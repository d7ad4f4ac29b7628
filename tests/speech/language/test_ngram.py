"""Probabilities sum to one, back off as ARPA defines it, and learn what the texts hold."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.speech.language.kneser_ney import train_ngram
from polymodal.speech.language.ngram import END, START, UNKNOWN, NGram, split_units

SENTENCES = st.lists(
    st.lists(st.sampled_from("abcd"), max_size=6).map(" ".join), min_size=1, max_size=12
)


@settings(max_examples=60)
@given(SENTENCES, st.integers(1, 4), st.lists(st.sampled_from("abcdx"), max_size=5))
def test_what_may_follow_sums_to_one(texts, order, history):
    model = train_ngram(texts, order)
    state = model.start()
    for word in history:
        state = model.score(state, word)[1]
    words = {gram[0] for gram in model.table if len(gram) == 1} - {START}
    assert {END, UNKNOWN} <= words
    assert math.isclose(sum(10 ** model.score(state, word)[0] for word in words), 1, rel_tol=1e-9)


@settings(max_examples=60)
@given(SENTENCES, st.lists(st.sampled_from("abcdx"), max_size=8))
def test_a_short_state_scores_as_the_whole_history(texts, history):
    model = train_ngram(texts, 3)
    state, whole = model.start(), (START,)
    for word in history:
        assert math.isclose(model.score(state, word)[0], by_definition(model.table, whole, word))
        state = model.score(state, word)[1]
        whole = (*whole, word if (word,) in model.table else UNKNOWN)


def by_definition(table, history, word):
    word = word if (word,) in table else UNKNOWN
    context = history[-2:]
    if (*context, word) in table:
        return table[(*context, word)][0]
    return table.get(context, (0, 0))[1] + by_definition(table, context[1:], word)


def test_counts_and_discounts_by_hand():
    model = train_ngram(["a b", "a a"], order=2)
    # Continuation counts: a after {<s>, a}, b after {a}, </s> after {b, a}; discounts 0.5, 1.
    total, spread = 5, (1 + 0.5 + 1) / 5 / 4
    below = {"a": 1 / total + spread, "b": 0.5 / total + spread, END: 1 / total + spread}
    # After a: b once, a once, </s> once.
    expected = 0.5 / 3 + 1.5 / 3 * below["b"]
    assert math.isclose(10 ** model.table[("a", "b")][0], expected)
    assert math.isclose(10 ** model.table[("a",)][1], 0.5)


def test_an_unknown_word_is_at_most_as_likely_as_words_that_occur_once():
    closed = train_ngram(["a b", "b a", "a a b"] * 50, 3)
    assert 10 ** closed.score((), "never")[0] <= 0.5 / 350
    opened = train_ngram(["a b", "b c", "d e f"], 3)
    assert 10 ** opened.score((), "never")[0] > 0.01


@settings(max_examples=30)
@given(SENTENCES, st.sampled_from(["word", "character"]))
def test_a_model_comes_back_from_json_as_it_was(texts, unit):
    model = train_ngram([*texts, "a b"], 3, unit)
    again = NGram.from_json(json.loads(json.dumps(model.to_json())))
    assert (again.table, again.unit, again.order) == (model.table, model.unit, model.order)


def test_real_sentences_are_likelier_than_shuffled_ones(shared_data):
    import csv

    with (shared_data / "easy_vqa" / "train.csv").open(encoding="utf-8") as file:
        questions = [row["question"] for row in csv.DictReader(file)]
    model = train_ngram(questions[:5000], order=3)
    unseen = list(dict.fromkeys(questions[5000:]))[:50]
    rng = np.random.default_rng(0)
    shuffled = [" ".join(rng.permutation(text.split())) for text in unseen]
    gains = [
        model.score_text(a) - model.score_text(b)
        for a, b in zip(unseen, shuffled, strict=True)
        if a != b
    ]
    assert np.mean(np.array(gains) > 0) > 0.95


def test_characters_and_spaces_are_units():
    model = train_ngram(["an owl", "an ant"], order=4, unit="character")
    assert model.score_text("an ant") > model.score_text("an nat") > model.score_text("zzzzzz")
    assert split_units("<s> a", "word") == [UNKNOWN, "a"]


def test_a_model_without_an_unknown_word_still_scores_one():
    model = NGram({("a",): (-0.3, 0.0), (END,): (-0.3, 0.0)})
    assert model.score(model.start(), "b") == (-10.0, ())


def test_contexts_that_a_file_leaves_out_are_used():
    model = NGram({("a",): (-1.0, 0.0), ("b",): (-1.0, -0.5), ("a", "b", "a"): (-0.1, 0.0)})
    state = model.score(model.score((), "a")[1], "b")[1]
    assert model.score(state, "a")[0] == -0.1
    assert model.score(state, "b")[0] == -1.5


def test_errors_say_what_is_needed():
    with pytest.raises(ValueError, match=r"at least one text\. Got none"):
        train_ngram([])
    with pytest.raises(ValueError, match=r"order to be at least 1\. Got 0"):
        train_ngram(["a"], order=0)
    with pytest.raises(ValueError, match=r"\"word\" or \"character\"\. Got 'letter'"):
        train_ngram(["a"], unit="letter")
    with pytest.raises(ValueError, match="empty table"):
        NGram({})
