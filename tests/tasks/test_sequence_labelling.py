"""One label per step, some steps without one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.tasks.sequence_labelling import StepLabelsTarget


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1))
def test_steps_round_trip(steps):
    target, other = StepLabelsTarget(), StepLabelsTarget()
    target.fit([["c", "a"], ["b"], None])
    other.restore(json.loads(json.dumps(target.state())))
    encoded = other.encode(steps)
    assert other.decode(encoded) == steps
    assert other.num_valid(encoded) == sum(step is not None for step in steps)


def test_text_is_split():
    target = StepLabelsTarget()
    target.fit(["noun verb noun"])
    assert target.encode("verb noun").tolist() == [1, 0]
    assert target.num_outputs == 2


def test_wrong_cells_say_what_is_wrong():
    target = StepLabelsTarget()
    target.fit([["a", "b"]])
    with pytest.raises(DataError, match=r"needs a list with one label per step. Got int"):
        target.encode(3)
    with pytest.raises(DataError, match="has 0 steps"):
        target.encode([])
    with pytest.raises(DataError, match='has the label "z"'):
        target.encode(["a", "z"])
    with pytest.raises(DataError, match='has no label but "a" in train'):
        target.fit([["a"]])
