"""Batches: padding and missing inputs are zeros with mask False."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.preprocess.audio import Audio
from polymodal.preprocess.collate import collate, collate_targets
from polymodal.preprocess.image import Image
from polymodal.preprocess.text import Text
from polymodal.preprocess.vector import Vector
from polymodal.tasks.classification import LabelTarget
from polymodal.tasks.multilabel import MultilabelTarget
from polymodal.tasks.regression import NumberTarget
from polymodal.tasks.sequence_labelling import StepLabelsTarget

LENGTHS = st.lists(st.none() | st.integers(1, 12), min_size=1, max_size=6)


@given(LENGTHS, st.none() | st.integers(1, 15))
def test_time_is_padded_and_cut(lengths, length):
    audio = Audio(num_mels=3)
    arrays = [None if n is None else np.full((n, 3), 7, np.float32) for n in lengths]
    batch, mask = collate(audio, arrays, length)
    expected = length or max([1, *(n for n in lengths if n)])
    assert batch.shape == (len(lengths), expected, 3)
    assert batch.dtype == np.float32
    assert mask.sum(1).tolist() == [min(n or 0, expected) for n in lengths]
    assert (batch[mask] == 7).all()
    assert not batch[~mask].any()


@given(st.lists(st.none() | st.lists(st.integers(1, 9), min_size=1, max_size=9), min_size=1))
def test_ids_survive_the_batch(rows):
    arrays = [None if row is None else np.array(row, np.int32) for row in rows]
    batch, mask = collate(Text(), arrays)
    assert batch.dtype == np.int32
    assert [ids[m].tolist() for ids, m in zip(batch, mask, strict=True)] == [r or [] for r in rows]


def test_images_and_vectors_have_one_mask_each():
    batch, mask = collate(Image(size=2, channels=1), [None, np.ones((2, 2, 1), np.float32)])
    assert batch.shape == (2, 2, 2, 1)
    assert mask.tolist() == [False, True]
    batch, mask = collate(Vector(dim=3), [None, None])
    assert batch.shape == (2, 3)
    assert not mask.any()


def test_other_shapes_are_errors():
    with pytest.raises(DataError, match=r"has shape \(3,\) after preprocessing, expected \(2,\)"):
        collate(Vector(dim=2), [np.zeros(3, np.float32)])
    with pytest.raises(DataError, match=r"has shape \(4,\) after preprocessing, expected \(3,\)"):
        collate(Audio(num_mels=3), [np.zeros((2, 4), np.float32)])


def test_targets_without_time():
    labels, many, number = LabelTarget(), MultilabelTarget(), NumberTarget()
    labels.fit(["a", "b"])
    many.fit(["a|b"])
    number.fit([0.0, 2.0])
    for target, values, expected in (
        (labels, ["b", None], [1, 0]),
        (many, ["b", None], [[0, 1], [0, 0]]),
        (number, [2.0, None], [[1], [0]]),
    ):
        encoded = [None if value is None else target.encode(value) for value in values]
        batch, weights = collate_targets(target, encoded)
        assert batch.tolist() == expected
        assert batch.dtype == target.dtype
        assert weights.tolist() == [True, False]


@given(
    st.lists(st.none() | st.lists(st.sampled_from(["a", "b", None]), min_size=1), min_size=1),
    st.integers(1, 12),
)
def test_targets_with_time(rows, length):
    target = StepLabelsTarget()
    target.fit([["a", "b"]])
    encoded = [None if row is None else target.encode(row) for row in rows]
    batch, weights = collate_targets(target, encoded, length)
    assert batch.shape == weights.shape == (len(rows), length)
    for row, targets, weight in zip(rows, batch, weights, strict=True):
        known = [step for step in (row or [])[:length] if step is not None]
        assert [target.labels[i] for i in targets[weight]] == known
        assert not targets[~weight].any()
