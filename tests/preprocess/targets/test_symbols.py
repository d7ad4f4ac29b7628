"""Sequences of symbols, ended or aligned with the steps."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError, RecipeError
from polymodal.preprocess.collate import collate_targets
from polymodal.preprocess.targets.symbols import SymbolsTarget

WORDS = st.lists(st.sampled_from(["red", "ball", "a", "cat's", "two"]), min_size=1)


@given(st.lists(WORDS, min_size=1))
def test_sentences_round_trip(rows):
    target, other = SymbolsTarget(), SymbolsTarget()
    target.fit(" ".join(row) for row in rows)
    other.restore(json.loads(json.dumps(target.state())))
    for row in rows:
        encoded = other.encode(" ".join(row))
        assert encoded[-1] == other.end_id
        assert other.decode(encoded) == " ".join(row)


@given(WORDS)
def test_characters_round_trip(words):
    target = SymbolsTarget(split="character")
    text = " ".join(words)
    target.fit([text])
    assert target.decode(target.encode(text)) == text


@given(st.lists(st.sampled_from([1, 2, "x", None]), min_size=1))
def test_aligned_steps_round_trip(steps):
    target = SymbolsTarget(aligned=True)
    target.fit([[1, 2, "x"]])
    encoded = target.encode(steps)
    assert len(encoded) == len(steps)
    assert target.decode(encoded) == [None if s is None else str(s) for s in steps]
    assert target.num_valid(encoded) == sum(step is not None for step in steps)


def test_ids_above_the_outputs_are_fed_only():
    target = SymbolsTarget()
    target.fit(["b a", ["c"]])
    assert target.labels == ["a", "b", "c", "<unknown>", "<end>"]
    assert (target.end_id, target.start_id, target.num_outputs) == (4, 5, 5)
    aligned = SymbolsTarget(aligned=True)
    aligned.fit([["a", "b"]])
    assert (aligned.end_id, aligned.start_id, aligned.num_outputs) == (None, 2, 2)


def test_previous_is_the_target_one_step_later():
    target = SymbolsTarget()
    target.fit(["a b c"])
    batch, weights = collate_targets(target, [target.encode("a b c"), target.encode("b"), None], 5)
    assert weights.sum(1).tolist() == [4, 2, 0]
    assert target.previous(batch).tolist() == [[5, 0, 1, 2, 4], [5, 1, 4, 0, 0], [5, 0, 0, 0, 0]]
    assert target.previous(batch).dtype == np.int32


def test_words_not_in_train_are_unknown_unless_aligned():
    target = SymbolsTarget()
    target.fit(["a b"])
    assert target.decode(target.encode("a z")) == "a <unknown>"
    aligned = SymbolsTarget(aligned=True)
    aligned.fit([["a", "b"]])
    with pytest.raises(DataError, match='has the label "z"'):
        aligned.encode(["a", "z"])


def test_longer_sequences_are_cut_and_told():
    target = SymbolsTarget(max_length=3)
    target.fit(["a b c"])
    assert target.truncated("a b c")
    assert not target.truncated("a b")
    assert target.decode(target.encode("a b c")) == "a b"


def test_only_frequent_symbols_are_kept():
    target = SymbolsTarget(max_symbols=1)
    target.fit(["b b a"])
    assert target.labels == ["b", "<unknown>", "<end>"]


def test_chinese_goes_by_character():
    target = SymbolsTarget(split="character")
    target.fit(["两只猫", "一只狗"])
    assert target.decode(target.encode("两只狗")) == "两只狗"


def test_wrong_use_is_explained():
    with pytest.raises(RecipeError, match=r"needs split word or character. Got 'letter'"):
        SymbolsTarget(split="letter")
    with pytest.raises(RecipeError, match="needs max_length from 2 and max_symbols from 1"):
        SymbolsTarget(max_length=1)
    with pytest.raises(DataError, match=r"needs a text or a list of symbols. Got int"):
        SymbolsTarget().fit([3])
    with pytest.raises(DataError, match="has no symbol in train"):
        SymbolsTarget().fit([""])
    with pytest.raises(DataError, match="has 0 symbols"):
        SymbolsTarget().encode([])
