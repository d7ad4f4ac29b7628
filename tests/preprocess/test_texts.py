"""Texts as steps: each is cleaned and split as a text by itself, and may be missing."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.seeds import generator
from polymodal.preprocess.collate import collate
from polymodal.preprocess.text import Text
from polymodal.preprocess.texts import Texts
from polymodal.tables.group import group_rows
from polymodal.tables.table import read

VIDEO = [
    "but for this one I just <b>didn't</b> feel like it",
    None,
    "um I loved the very first one",
    "it was nice",
]


def fitted(**settings):
    texts = Texts(**{"min_count": 1, "buckets": 500, **settings})
    texts.fit([texts.decode(VIDEO)])
    return texts


@pytest.mark.parametrize("tokenizer", ["ngram", "word", "byte"])
def test_a_step_is_read_as_a_text_by_itself(tokenizer):
    texts = fitted(tokenizer=tokenizer, max_pieces=200)
    text = Text(tokenizer, min_count=1, buckets=500, max_length=200)
    text.fit([text.decode(step) for step in VIDEO if step])
    ids = texts.encode(texts.decode(VIDEO))
    assert ids.dtype == np.int32
    assert texts.vocabulary_size == text.vocabulary_size
    for row, step in zip(ids, VIDEO, strict=True):
        assert row[row > 0].tolist() == (
            [] if step is None else text.encode(text.decode(step)).tolist()
        )


def test_missing_steps_and_missing_rows_are_masked():
    texts = fitted()
    batch, mask = collate(texts, [texts.encode(texts.decode(VIDEO)), None], 6)
    assert batch.shape == (2, 6, texts.shape[1])
    assert mask.tolist() == [[True, False, True, True, False, False], [False] * 6]
    assert not batch[~mask].any()


def test_a_text_without_any_token_is_one_unknown():
    texts = fitted()
    batch, mask = collate(texts, [texts.encode(texts.decode(["<br>", None]))])
    assert mask.tolist() == [[True, False]]
    assert batch[0, 0].tolist() == [1] + [0] * (texts.shape[1] - 1)


def test_grouped_rows_are_texts_by_step(shared_data):
    table = group_rows(read(shared_data / "mosi" / "val.parquet"), "video", "position")
    texts = Texts(**Texts.suggest([table.cell(row, "transcript") for row in range(len(table))]))
    decoded = [texts.decode(table.cell(row, "transcript")) for row in range(len(table))]
    texts.fit(decoded)
    batch, mask = collate(texts, [texts.encode(one) for one in decoded])
    assert mask.sum(axis=1).tolist() == [len(rows) for rows in table.members]
    cut = sum(texts.text.truncated(text) for one in decoded for text in one)
    assert 0 < cut <= 0.01 * mask.sum()
    assert batch.shape[2] == max((batch > 0).sum(axis=2).ravel())


def test_longer_sequences_and_longer_texts_are_cut_and_told():
    texts = fitted(max_length=3, max_pieces=5)
    assert texts.truncated(texts.decode(VIDEO))  # four steps
    assert texts.truncated(texts.decode(VIDEO[:3]))  # more than five pieces
    assert not texts.truncated(texts.decode(["a", None]))
    assert texts.encode(texts.decode(VIDEO)).shape == (3, 5)
    assert texts.length(texts.decode(VIDEO)) == 3


STEPS = st.lists(st.none() | st.text(max_size=30), min_size=1, max_size=6)


@given(STEPS)
def test_any_texts_have_a_length_and_a_mask(steps):
    decoded = FITTED.decode(steps)
    ids = FITTED.encode(decoded)
    assert FITTED.length(decoded) == len(ids) == len(steps)
    _, mask = collate(FITTED, [ids])
    assert mask[0].tolist() == [step is not None for step in steps]
    varied = FITTED.augment(decoded, generator(1))
    assert [step is None for step in varied] == [step is None for step in steps]


FITTED = fitted(word_dropout=0.5)


def test_state_survives_json():
    texts, other = fitted(), Texts()
    other.restore(json.loads(json.dumps(texts.state())))
    assert other.shape == texts.shape
    assert np.array_equal(other.encode(other.decode(VIDEO)), texts.encode(texts.decode(VIDEO)))


def test_words_drop_step_by_step():
    texts = fitted(tokenizer="word", word_dropout=0.5)
    plain = texts.encode(texts.decode(VIDEO))
    varied = texts.encode(texts.augment(texts.decode(VIDEO), generator(3)))
    hidden = (varied == 1) & (plain != 1)
    assert hidden.any(axis=1).sum() > 1
    assert np.array_equal(varied[~hidden], plain[~hidden])
    still = fitted(word_dropout=0.0)
    assert still.augment(VIDEO, generator(3)) == VIDEO


def test_suggestion_is_room_for_steps_and_dropout_for_long_texts():
    long = "this was a rather long review of a film that nobody ought to see"
    assert Texts.suggest([[long, None] * 10, None, 3]) == {
        "tokenizer": "ngram",
        "word_dropout": 0.1,
        "max_length": 40,
    }
    assert Texts.suggest(['["yes", "no"]'])["word_dropout"] == 0
    assert Texts.suggest([None, [None]]) == {}


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("one text", "needs a list with one text per step. Got str"),
        ([], "has 0 steps"),
        (["a", b"x"], "needs a text at step 2. Got bytes"),
    ],
)
def test_wrong_cells_say_what_is_wrong(cell, message):
    with pytest.raises(DataError, match=message):
        Texts().decode(cell)


def test_wrong_settings_are_named():
    with pytest.raises(RecipeError, match=r"Texts needs max_pieces from 1 to 100000. Got 0"):
        Texts(max_pieces=0)
    with pytest.raises(RecipeError, match='No tokenizer named "wrd"'):
        Texts("wrd")
