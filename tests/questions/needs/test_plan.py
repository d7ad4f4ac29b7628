"""Growing parts of a table: nested, in proportion, groups on one side."""

import itertools

import numpy as np
import pytest

from polymodal.core.errors import DataError
from polymodal.profile.profile import profile
from polymodal.questions.needs.plan import Plan
from polymodal.tables.table import read


def table(num_rows=200, **columns):
    return profile(
        read({"x": np.arange(num_rows), "y": ["a", "a", "a", "b"] * (num_rows // 4), **columns})
    )


def test_smaller_trainings_are_parts_of_larger_ones():
    plan = Plan(table(), "y", num_sizes=5, num_seeds=2)
    for seed in range(2):
        steps = [step for step in plan.steps() if step.seed == seed]
        for small, large in itertools.pairwise(steps):
            assert set(small.train) < set(large.train)
        assert not set(steps[-1].train) & set(steps[-1].held)
        assert len(steps[-1].train) + len(steps[-1].held) == 200


def test_classes_keep_their_shares():
    facts = table()
    labels = np.array(list(facts.table.values("y")))
    for step in Plan(facts, "y", num_sizes=4, num_seeds=2).steps():
        assert (labels[step.train] == "b").mean() == pytest.approx(0.25, abs=0.08)


def test_seeds_hold_out_other_rows():
    first, second = (step for step in Plan(table(), "y", num_seeds=2).steps() if step.size == 160)
    assert set(first.held) != set(second.held)


def test_groups_stay_on_one_side_and_are_resampled_together():
    who = [f"speaker {row % 10}" for row in range(200)]
    plan = Plan(table(speaker=who), "y", "speaker", num_seeds=3)
    for step in plan.steps():
        assert not {who[row] for row in step.train} & {who[row] for row in step.held}
    weights = plan.weights()
    assert weights.shape == (200, 200)
    assert (weights[0] == weights[10]).all()
    assert not (weights[0] == weights[1]).all()


def test_other_columns_of_groups_stay_on_one_side_too():
    who = [f"speaker {row % 20}" for row in range(200)]
    call = [f"call {row % 20 // 2}" for row in range(200)]
    plan = Plan(table(speaker=who, call=call), "y", "speaker", ["call"], num_seeds=3)
    for step in plan.steps():
        assert not {call[row] for row in step.train} & {call[row] for row in step.held}


def test_a_validation_table_is_scored_by_every_seed():
    plan = Plan(table(), "y", num_seeds=2, val=table(40))
    assert plan.sizes[-1] == 200
    assert all(len(step.held) == 40 for step in plan.steps())
    assert plan.weights().shape[0] == 40


def test_too_few_rows_are_refused():
    with pytest.raises(DataError, match="at least 40 rows"):
        Plan(table(24), "y")


def test_no_training_lacks_a_class():
    labels = ["common"] * 156 + [f"rare {place // 2}" for place in range(44)]
    facts = profile(read({"x": np.arange(200), "y": labels}))
    for step in Plan(facts, "y", num_seeds=2).steps():
        assert {labels[row] for row in step.held} <= {labels[row] for row in step.train}
