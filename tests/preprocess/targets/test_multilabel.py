"""Any number of labels, as text or list."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.preprocess.targets.multilabel import MultilabelTarget

SETS = st.sets(st.sampled_from("abcdef"))


@given(st.lists(SETS, min_size=1).filter(lambda rows: any(rows)))
def test_sets_round_trip(rows):
    target, other = MultilabelTarget(), MultilabelTarget()
    target.fit([list(row) for row in rows])
    other.restore(json.loads(json.dumps(target.state())))
    for row in rows:
        assert set(other.decode(other.encode(list(row)))) == row
        assert (other.encode("|".join(row)) == target.encode(list(row))).all()


def test_separator_and_single_values():
    target = MultilabelTarget(separator=",")
    target.fit(["cat, dog", "dog", 3])
    assert target.labels == ["3", "cat", "dog"]
    assert target.encode([]).tolist() == [0, 0, 0]
    assert target.num_outputs == 3
    assert target.shape == (3,)


def test_unseen_and_absent_labels_are_errors():
    target = MultilabelTarget()
    target.fit(["a|b"])
    with pytest.raises(DataError, match='holds the label "c"'):
        target.encode("a|c")
    with pytest.raises(DataError, match="holds no label in train"):
        target.fit([[], None])
