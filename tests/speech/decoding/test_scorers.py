"""What a language model and hot words add to a search, and when."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.speech.decoding.ctc_search import beam_search
from polymodal.speech.decoding.hot_words import HotWords
from polymodal.speech.decoding.language_scorer import LanguageScorer
from polymodal.speech.language.kneser_ney import train_ngram
from polymodal.speech.language.ngram import NGram, split_units

LETTERS = ["a", "b", "c", " ", ""]  # the last is blank
PIECES = ["ab", " a", " b", "c", "a b", "b ", ""]
MIXED = ["a", "b", "猫", " ", ""]
TEXTS = ["ab a c", "c ab", "b a"]


def total(scorer, ids):
    state, sum_so_far = scorer.start(), 0.0
    for symbol in ids:
        added, state = scorer.read(state, symbol)
        sum_so_far += added
    return sum_so_far + scorer.finish(state)


@pytest.mark.parametrize(
    ("symbols", "texts"), [(LETTERS, TEXTS), (PIECES, TEXTS), (MIXED, ["猫b猫", "ab 猫猫 a"])]
)
@settings(max_examples=50)
@given(ids=st.lists(st.integers(0, 4), max_size=10), unit=st.sampled_from(["word", "character"]))
def test_a_language_model_adds_what_it_gives_the_text(symbols, texts, ids, unit):
    model = train_ngram(texts, 3, unit)
    scorer = LanguageScorer(model, symbols, weight=0.7, word_bonus=0.25)
    text = "".join(symbols[i] for i in ids)
    if unit == "character" and text != " ".join(text.split()):
        return  # spaces that no text has
    expected = 0.7 * np.log(10) * model.score_text(text) + 0.25 * len(split_units(text, unit))
    assert np.isclose(total(scorer, ids), expected)


@settings(max_examples=100)
@given(st.lists(st.integers(0, 3), max_size=14))
def test_hot_words_keep_only_what_whole_phrases_add(ids):
    text = "".join(LETTERS[i] for i in ids)
    expected = sum(word == "ab" for word in text.split(" "))
    padded = f" {text} "
    expected += sum(padded.startswith(" cc b ", i) for i in range(len(padded)))
    assert np.isclose(total(HotWords(["Ab", "cc b"], LETTERS, boost=3.0), ids), 3 * expected)


@settings(max_examples=100)
@given(st.lists(st.integers(0, 3), max_size=14))
def test_hot_words_anywhere(ids):
    text = "".join(LETTERS[i] for i in ids)
    expected = sum(text.startswith("abc", i) + text.startswith("ab", i) for i in range(len(text)))
    scorer = HotWords(["ab", "abc"], LETTERS, boost=3.0, whole_words=False)
    assert np.isclose(total(scorer, ids), 3 * expected)


def heard(text, doubts, letters=LETTERS):
    """Frames that spell a text, where doubts {place: (letter, probability)} compete with it."""
    rows = []
    for place, letter in enumerate(text):
        row = np.full(len(letters), 1e-4)
        other, share = doubts.get(place, (letter, 0.0))
        row[letters.index(other)] = share
        row[letters.index(letter)] = 1 - share
        rows += [row, np.array([1e-4] * 4 + [1.0])]
    table = np.array(rows)
    return np.log(table / table.sum(axis=1, keepdims=True))


def text_of(hypothesis):
    return "".join(LETTERS[i] for i in hypothesis.ids)


def test_a_language_model_settles_doubt():
    log_probs = heard("ab ac", {4: ("b", 0.45)})
    model = train_ngram(["ab ab", "ab ab", "ac"], order=2)
    assert text_of(beam_search(log_probs, 4)[0]) == "ab ac"
    best = beam_search(log_probs, 4, scorers=[LanguageScorer(model, LETTERS, weight=1.0)])[0]
    assert text_of(best) == "ab ab"
    assert np.isclose(best.parts["language"], np.log(10) * model.score_text("ab ab"))


def test_scripts_without_spaces_are_read_character_by_character_among_words():
    letters = ["红", "蓝", "猫", "的", ""]
    log_probs = heard("蓝的猫", {0: ("红", 0.45)}, letters)
    model = train_ngram(["红的猫", "the cat", "a blue cat", "my hat"] * 2, order=2)
    (best,) = beam_search(log_probs, 4, scorers=[LanguageScorer(model, letters, weight=1.0)])
    assert "".join(letters[i] for i in best.ids) == "红的猫"


def test_a_file_with_words_of_several_such_characters_keeps_them():
    model = NGram({("红猫",): (-0.5, 0.0), ("<unk>",): (-2.0, 0.0), ("</s>",): (-0.5, 0.0)})
    scorer = LanguageScorer(model, ["红", "猫", " ", ""], weight=1.0)
    assert np.isclose(total(scorer, [0, 1]), -1.0 * np.log(10))
    assert np.isclose(total(scorer, [0, 2, 1]), -4.5 * np.log(10))


def test_hot_words_settle_doubt_and_leave_other_words_alone():
    log_probs = heard("ab cba", {3: ("a", 0.4), 5: ("c", 0.4)})
    assert text_of(beam_search(log_probs, 4)[0]) == "ab cba"
    best = beam_search(log_probs, 4, scorers=[HotWords(["abc"], LETTERS, boost=6.0)])[0]
    assert text_of(best) == "ab abc"
    other = beam_search(log_probs, 4, scorers=[HotWords(["ba"], LETTERS, boost=6.0)])[0]
    assert text_of(other) == "ab cba"
    assert other.parts["hot_words"] == 0


def test_hot_words_must_be_spellable():
    with pytest.raises(ValueError, match="Got 'x-a' with '-x'"):
        HotWords(["x-a"], LETTERS)
    with pytest.raises(ValueError, match="Got an empty one"):
        HotWords([" "], LETTERS)


def test_a_word_that_no_known_one_begins_like_is_scored_at_once():
    scorer = LanguageScorer(train_ngram(["ab ab a"] * 9, 2), LETTERS)
    added, in_word = scorer.read(scorer.start(), LETTERS.index("a"))
    assert added == 0
    added, lost = scorer.read(in_word, LETTERS.index("c"))
    assert added < -2
    more = [scorer.read(lost, LETTERS.index(letter))[0] for letter in "ab "]
    assert more == [0, 0, 0]


def test_letters_of_no_word_do_not_crowd_a_word_out_of_a_narrow_beam():
    scorer = LanguageScorer(train_ngram(["ab"] * 50, 1), LETTERS)
    rows = [[0.3, 0.2, 0.49, 0.005, 0.005], [0.01, 0.23, 0.75, 0.005, 0.005]]  # sounds like "c"
    (best,) = beam_search(np.log(np.array(rows)), 4, beam_width=1, scorers=[scorer])
    assert "".join(LETTERS[i] for i in best.ids) == "ab"
