"""Transcripts as characters."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.preprocess.collate import collate_targets
from polymodal.tasks.transcribe import TranscriptTarget

TEXTS = st.lists(st.sampled_from(["one", "two", "三", "isn't"]), min_size=1).map(" ".join)


@given(st.lists(TEXTS, min_size=1))
def test_texts_round_trip(texts):
    target, other = TranscriptTarget(), TranscriptTarget()
    target.fit(texts)
    other.restore(json.loads(json.dumps(target.state())))
    for text in texts:
        assert other.decode(other.encode(text)) == text


def test_capitals_and_what_train_lacks_are_left_out():
    target = TranscriptTarget()
    target.fit(["abba"])
    assert target.decode(target.encode("A xylophone b")) == "ab"
    assert target.num_outputs == 3  # a, b, and blank


def test_behind_the_last_character_stands_no_character():
    target = TranscriptTarget()
    target.fit(["ab"])
    batch, weights = collate_targets(target, [target.encode("ab"), target.encode("b"), None], 3)
    assert batch.tolist() == [[0, 1, -1], [1, -1, -1], [-1, -1, -1]]
    assert weights.tolist() == (batch >= 0).tolist()


def test_numbers_are_read_as_they_are_written():
    target = TranscriptTarget()
    target.fit([12, 3])
    assert target.decode(target.encode(31)) == "31"


@pytest.mark.parametrize(("cell", "message"), [(["a"], "needs a text"), ("  ", "has no text")])
def test_what_is_no_transcript_is_refused(cell, message):
    with pytest.raises(DataError, match=message):
        TranscriptTarget().references(cell)


def test_a_long_transcript_is_cut_and_says_so():
    target = TranscriptTarget(max_length=3)
    target.fit(["abcd"])
    assert target.truncated("abcd")
    assert not target.truncated("abc")
    assert np.array_equal(target.encode("abcd"), target.encode("abc"))
