"""Frames are read as asked, and language models come from tables."""

import numpy as np
import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.speech.language.arpa import read_arpa
from polymodal.speech.language.kneser_ney import train_ngram
from polymodal.speech.recognition.reading import Reading, train_language_model


def spelt(reading, text, noise=0.0):
    """Returns what is read where each letter fills a frame, after blank."""
    rng = np.random.default_rng(0)
    logits = noise * rng.normal(size=(2 * len(text), len(reading.symbols)))
    for place, letter in enumerate(text):
        logits[2 * place, reading.blank] += 9
        logits[2 * place + 1, reading.symbols.index(letter)] += 9
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return "".join(reading.symbols[span.id] for span in reading(logits))


@pytest.mark.parametrize("choice", [{}, {"beam": 4}, {"hot_words": ["two"]}])
def test_every_way_reads_what_is_clear(choice):
    reading = Reading([" ", "n", "o", "t", "w"], **choice)
    assert spelt(reading, "two not too") == "two not too"


def test_hot_words_may_be_one_text_with_commas():
    assert Reading(["n", "o", "t", "w"], hot_words="two, not").hot_words == ["two", "not"]


def test_a_language_model_comes_from_the_texts_of_a_table(tmp_path):
    table = tmp_path / "texts.csv"
    table.write_text("said,other\nOne  two,x\n,y\none three,z\n")
    written = train_language_model(table, "said", tmp_path / "models" / "lm.arpa.gz", order=2)
    model = read_arpa(tmp_path / "models" / "lm.arpa.gz")
    assert model.order == 2
    assert model.score_text("one two") == pytest.approx(written.score_text("one two"), abs=1e-5)
    assert model.score_text("one two") > model.score_text("two one")
    assert Reading(["o"], language_model=model).language_model["unit"] == "word"


def test_texts_of_test_are_not_learned(tmp_path, capsys):
    rows = ["one two,train", "two three,dev", "three one,test"]
    table = tmp_path / "texts.csv"
    table.write_text("\n".join(["said,split", *rows]))
    model = train_language_model(table, "said", tmp_path / "lm.arpa", order=2)
    assert ("one", "two") in model.table
    assert ("two", "three") not in model.table
    assert 'Using the split in column "split": 1 of 3 texts are of train' in capsys.readouterr().err
    table.write_text("\n".join(["said,split", *rows]).replace("train", "whole"))
    assert ("two", "three") in train_language_model(table, "said", tmp_path / "lm.arpa").table


def test_scripts_without_spaces_are_modelled_by_characters(tmp_path):
    table = tmp_path / "texts.csv"
    table.write_text("said\n两只猫\n一只狗\n", encoding="utf-8")
    assert train_language_model(table, "said", tmp_path / "lm.arpa").unit == "character"
    reading = Reading(list("一两只狗猫"), language_model=tmp_path / "lm.arpa")
    assert reading.language_model["unit"] == "character"
    assert spelt(reading, "两只狗") == "两只狗"


def test_columns_that_cannot_be_used_are_named(tmp_path):
    table = tmp_path / "texts.csv"
    table.write_text("said,empty\none,\n")
    with pytest.raises(DataError, match=r'column "sad" is not there. Columns: said, empty'):
        train_language_model(table, "sad", tmp_path / "lm.arpa")
    with pytest.raises(DataError, match='column "empty" has no text'):
        train_language_model(table, "empty", tmp_path / "lm.arpa")
    with pytest.raises(RecipeError, match=r"order to be at least 1"):
        train_language_model(table, "said", tmp_path / "lm.arpa", order=0)
    with pytest.raises(RecipeError, match=r"ends in \.arpa, .* Got lm\.bin\. Write .*lm\.arpa"):
        train_language_model(table, "said", tmp_path / "lm.bin")


def test_choices_that_cannot_be_used_are_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"beam and language_weight of at least 0. Got -1"):
        Reading(["a"], beam=-1)
    with pytest.raises(RecipeError, match=r"language_model for language_weight and word_bonus"):
        Reading(["a"], language_weight=1.0, word_bonus=0.0)
    model = train_ngram(["a"], 1, "word")
    with pytest.raises(RecipeError, match=r"language_weight of at least 0. Got 0 and nan"):
        Reading(["a"], language_model=model, language_weight=float("nan"))
    with pytest.raises(RecipeError, match=r"finite word_bonus. Got inf. Try 0.5"):
        Reading(["a"], language_model=model, word_bonus=float("inf"))
    with pytest.raises(RecipeError, match=r"Got 'é' with 'é'"):
        Reading(["a"], hot_words=["é"])
    with pytest.raises(DataError, match=r"absent\.arpa"):
        Reading(["a"], language_model=tmp_path / "absent.arpa")
