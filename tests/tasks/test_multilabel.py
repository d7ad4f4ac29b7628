"""Any number of labels, as text or list."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.tasks.multilabel import MultilabelTarget

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
    with pytest.raises(DataError, match='has the label "c"'):
        target.encode("a|c")
    with pytest.raises(DataError, match="has no label in train"):
        target.fit([[], None])


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["red;round", "red", "blue; square"], ";"),
        (["['red', 'round']", "['red']", "['blue', 'square']"], "|"),
        (['["red", "round"]', '["red"]', "blue|square"], "|"),
    ],
)
def test_ways_to_write_several_labels(cells, separator):
    target = MultilabelTarget(separator)
    target.fit(cells)
    assert target.labels == ["blue", "red", "round", "square"]
    assert target.notes("tags") == []
    again = MultilabelTarget()
    again.restore(target.state())
    assert again.encode(cells[0]).tolist() == [0, 1, 1, 0]


def test_cells_that_all_hold_one_label_are_told():
    target = MultilabelTarget()
    target.fit(["red;round", "red", "blue;round", "blue"])
    assert target.notes("tags") == [
        'Column "tags": no cell contains "|" or a list, so each whole cell counts as one label; '
        "--set 'task.separator=\";\"' sets another separator."
    ]
