"""Labels: one spelling, sorted, round trip."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.tasks.classification import LabelTarget

WORDS = st.text(min_size=1).filter(lambda text: text == text.strip())


@given(st.sets(WORDS, min_size=2))
def test_labels_round_trip(labels):
    target, other = LabelTarget(), LabelTarget()
    target.fit(labels)
    other.restore(json.loads(json.dumps(target.state())))
    for label in labels:
        encoded = other.encode(label)
        assert encoded.dtype == np.int32
        assert other.decode(encoded) == label


def test_numbers_sort_by_value_and_texts_by_letter():
    target = LabelTarget()
    target.fit(["10", "9", "-1", None])
    assert target.labels == ["-1", "9", "10"]
    target.fit(["b", "10", "a"])
    assert target.labels == ["10", "a", "b"]
    assert target.num_outputs == 3


def test_one_label_has_one_spelling():
    target = LabelTarget()
    target.fit([1, 2.0, "3"])
    assert target.labels == ["1", "2", "3"]
    assert target.encode("1") == target.encode(1.0) == target.encode(np.int64(1)) == 0
    target.fit([True, False])
    assert target.labels == ["false", "true"]


def test_unseen_labels_name_the_nearest():
    target = LabelTarget()
    target.fit(["zero", "one"])
    with pytest.raises(
        DataError,
        match=r'has the label "zer0", which train does not have. '
        'Did you mean "zero"',
    ) as caught:
        target.encode("zer0")
    assert caught.value.reason == "unseen_label"


def test_one_class_is_not_enough():
    with pytest.raises(DataError, match='has no label but "a" in train, and a model needs'):
        LabelTarget().fit(["a", "a"])


def test_a_list_is_no_label():
    with pytest.raises(DataError, match=r"needs a label. Got list"):
        LabelTarget().fit([["a"], ["b"]])


@pytest.mark.parametrize(
    ("train", "others"),
    [
        (["True", "False", "true "], [True, "TRUE", " true"]),
        (["0", "1"], [0, 0.0, "0.0", False][:3]),
        (["three ", "two", "three"], ["three", " three"]),
    ],
)
def test_one_label_in_several_spellings(train, others):
    target = LabelTarget()
    target.fit(train)
    assert len(target.labels) == 2
    assert len({int(target.encode(value)) for value in [train[0], *others]}) == 1


def test_other_spellings_of_another_table_are_told_once():
    target = LabelTarget()
    target.fit(["True", "False"])
    target.encode(True)
    assert target.respelled("ok") == [
        'Labels of "ok" are read as train writes them: "true" as "True".'
    ]
    target.encode(True)
    assert target.respelled("ok") == []
    target.fit(["True", "False", "true"])  # which `notes` tells of
    target.encode("true")
    assert target.respelled("ok") == []


def test_case_makes_a_difference_unless_it_is_ignored():
    target = LabelTarget()
    target.fit(["US", "us", "DE"])
    assert target.labels == ["DE", "US", "us"]
    assert "differ only in case" in target.notes("land")[0]
    with pytest.raises(DataError, match=r'Did you mean "DE"[?] --set task.ignore_case=true'):
        target.encode("de")
    folding = LabelTarget(ignore_case=True)
    folding.fit(["US", "us", "US", "DE"])
    again = LabelTarget()
    again.restore(folding.state())
    assert again.labels == ["DE", "US"]
    assert again.decode(again.encode("Us")) == "US"


def test_marks_of_a_missing_label():
    target = LabelTarget(missing=["?"])
    assert target.is_empty(" ?")
    assert not target.is_empty("a")
    assert not LabelTarget().is_empty("?")
