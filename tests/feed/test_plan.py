"""The order of data: every row once, constant shapes, pure in (seed, epoch, step)."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.core.errors import RecipeError
from polymodal.feed.plan import FILLER, Plan, bucket_edges


def epoch_rows(plan, epoch=0):
    return [plan.batch(epoch, step) for step in range(plan.steps(epoch))]


@settings(max_examples=150)
@given(st.data())
def test_every_row_comes_once_and_fits_its_padding(data):
    num_rows = data.draw(st.integers(1, 120))
    batch_size, accumulate = data.draw(st.integers(1, 17)), data.draw(st.integers(1, 5))
    columns = data.draw(st.integers(0, 3))
    lengths = np.array(
        data.draw(
            st.lists(
                st.lists(st.integers(0, 90), min_size=columns, max_size=columns),
                min_size=num_rows,
                max_size=num_rows,
            )
        )
    ).reshape(num_rows, columns)
    tokens = data.draw(st.none() | st.integers(1, 900))
    plan = Plan(
        num_rows,
        batch_size,
        data.draw(st.integers(0, 9)),
        lengths,
        num_buckets=data.draw(st.integers(1, 6)),
        shuffle=data.draw(st.booleans()),
        accumulate=accumulate,
        batch_tokens=tokens,
    )
    epoch = data.draw(st.integers(0, 3))
    assert plan.steps(epoch) % accumulate == 0
    seen = []
    for rows, padded in epoch_rows(plan, epoch):
        assert len(rows) in plan.batch_sizes
        if tokens is None or not columns:
            assert rows.shape == (batch_size,)
        assert len(padded) == columns
        real = rows[rows != FILLER]
        assert all((lengths[real, c] <= padded[c]).all() for c in range(columns))
        assert all(padded[c] in plan.edges[c] for c in range(columns))
        seen.extend(real.tolist())
    assert sorted(seen) == list(range(num_rows))


def test_steps_are_as_few_as_the_rows_need():
    assert Plan(100, 32).steps() == 4
    assert Plan(100, 32, accumulate=3).steps() == 6


def test_order_depends_on_seed_epoch_and_step_only():
    first, second = Plan(500, 16, seed=3), Plan(500, 16, seed=3)
    second.batch(7, 2)
    backwards = [first.batch(1, s)[0] for s in reversed(range(first.steps(1)))][::-1]
    forwards = [rows for rows, _ in epoch_rows(second, 1)]
    assert np.array_equal(backwards, forwards)


def test_epochs_and_seeds_differ():
    def order(seed, epoch):
        return np.concatenate([rows for rows, _ in epoch_rows(Plan(64, 8, seed), epoch)])

    assert not np.array_equal(order(0, 0), order(0, 1))
    assert not np.array_equal(order(0, 1), order(1, 0))


def test_batches_are_tight_and_shapes_few():
    lengths = np.random.default_rng(0).integers(1, 400, 4000)
    plan = Plan(4000, 32, lengths=lengths, num_buckets=4)
    padded = [p[0] for _, p in epoch_rows(plan)]
    assert len(set(padded)) <= 4
    assert all(p % 8 == 0 for p in padded)
    assert sum(padded) * 32 < 1.35 * lengths.sum()  # without buckets it is 2.0


def test_a_budget_of_steps_bounds_every_batch_and_leaves_little_padding():
    lengths = np.random.default_rng(0).integers(60, 400, 1500)
    plan = Plan(1500, 32, lengths=lengths, batch_tokens=8000)
    seen, computed = [], 0
    for rows, (padded,) in epoch_rows(plan):
        assert len(rows) * padded <= 8000
        computed += len(rows) * padded
        seen.extend(rows[rows != FILLER].tolist())
    assert sorted(seen) == list(range(1500))
    assert len(plan.batch_sizes) > 3
    assert plan.padding() == pytest.approx(1 - lengths.sum() / computed)
    assert plan.padding() < 0.15


def test_short_texts_are_sorted_where_batches_have_one_number_of_steps():
    lengths = np.random.default_rng(0).integers(4, 16, 2000)
    assert Plan(2000, 16, lengths=lengths).padding() > 0.3  # too short for buckets by themselves
    plan = Plan(2000, 16, lengths=lengths, batch_tokens=0)
    assert plan.padding() < 0.15
    average = sum(len(rows) for rows, _ in epoch_rows(plan)) / plan.num_steps
    assert 13 < average < 18
    assert plan.batch_sizes[0] < 13
    assert plan.batch_sizes[-1] > 18


def test_places_of_a_picture_are_no_padding():
    lengths = np.random.default_rng(0).integers(10, 17, 2000)
    assert len(Plan(2000, 16, lengths=lengths, batch_tokens=0).edges[0]) > 1
    plan = Plan(2000, 16, lengths=lengths, batch_tokens=0, places=64)
    assert [len(edges) for edges in plan.edges] == [1]
    assert plan.batch_sizes == [16]
    assert plan.padding() == pytest.approx(1 - (lengths.mean() + 64) / (16 + 64))


def test_places_count_for_the_budget():
    lengths = np.random.default_rng(0).integers(10, 200, 2000)
    plan = Plan(2000, 16, lengths=lengths, batch_tokens=2000, places=50)
    for rows, (padded,) in epoch_rows(plan):
        assert len(rows) * (50 + padded) <= 2000


def test_two_texts_of_one_row_are_both_hardly_padded():
    rng = np.random.default_rng(0)
    lengths = rng.integers(4, 25, (2000, 2))  # long beside short ones, too
    plan = Plan(2000, 16, lengths=lengths, batch_tokens=0)
    assert plan.padding() < 0.15
    for epoch in range(2):
        rows = np.concatenate([rows for rows, _ in epoch_rows(plan, epoch)])
        assert sorted(rows[rows != FILLER].tolist()) == list(range(2000))


def test_a_row_longer_than_the_budget_comes_alone():
    plan = Plan(20, 4, lengths=np.array([100] * 10 + [900] * 10), batch_tokens=400)
    for rows, (padded,) in epoch_rows(plan):
        assert padded <= 104 or len(rows) == 1


def test_without_time_nothing_is_padding():
    assert Plan(10, 4).padding() == 0
    assert Plan(10, 4, lengths=np.zeros((10, 1), int)).padding() == 0


def test_padding_is_that_of_inputs_and_target_together():
    """One batch of two rows: 24 + 16 steps each, of which 20 + 8 and 10 + 16 are real."""
    plan = Plan(2, 2, lengths=np.array([[0, 20, 8], [0, 10, 16]]))
    assert plan.padding() == pytest.approx(1 - 54 / 80)


def test_batch_order_is_not_by_length():
    lengths = np.random.default_rng(0).integers(1, 400, 4000)
    padded = [p[0] for _, p in epoch_rows(Plan(4000, 32, lengths=lengths))]
    assert padded != sorted(padded)
    assert padded != sorted(padded, reverse=True)


def test_same_rows_whatever_the_split_of_the_effective_batch():
    lengths = np.random.default_rng(1).integers(1, 100, 203)
    whole = Plan(203, 8, seed=5, lengths=lengths)
    parts = Plan(203, 2, seed=5, lengths=lengths, accumulate=4)
    for step in range(whole.steps(2)):
        expected = set(whole.batch(2, step)[0].tolist()) - {FILLER}
        for part in range(4):
            assert set(parts.effective_rows(2, step * 4 + part).tolist()) == expected


def test_a_partial_effective_batch_is_spread_over_its_steps():
    plan = Plan(4, 4, accumulate=4)
    assert [int((rows >= 0).sum()) for rows, _ in epoch_rows(plan)] == [1, 1, 1, 1]


def test_steps_of_filler_alone_complete_an_effective_batch():
    plan = Plan(1, 2, lengths=np.array([9]), accumulate=3)
    batches = epoch_rows(plan)
    assert [int((rows >= 0).sum()) for rows, _ in batches] == [1, 0, 0]
    assert {padded for _, padded in batches} == {(9,)}


def test_partial_batch_is_not_always_of_the_same_rows():
    lengths = np.repeat([10, 100], 50)
    plan = Plan(100, 8, lengths=lengths)
    partial = set()
    for epoch in range(20):
        for rows, padded in epoch_rows(plan, epoch):
            if (rows == FILLER).any():
                partial.add(padded)
    assert partial == {(16,), (104,)}


def test_without_shuffle_rows_keep_their_order():
    rows = np.concatenate([rows for rows, _ in epoch_rows(Plan(10, 4, shuffle=False), 3)])
    assert rows.tolist() == [*range(10), FILLER, FILLER]


def test_inputs_are_padded_each_to_their_own_edges():
    lengths = np.stack([np.full(64, 30), np.tile([5, 50], 32)], axis=1)
    plan = Plan(64, 8, lengths=lengths, num_buckets=2)
    assert {p for _, p in epoch_rows(plan)} == {(30, 8), (30, 56)}


def test_a_small_table_gets_fewer_buckets():
    assert len(Plan(30, 16, lengths=np.arange(30), num_buckets=8).edges[0]) == 1


def test_one_length_alone_is_kept_and_missing_inputs_have_no_say():
    assert bucket_edges(np.array([50, 50]), 3).tolist() == [50]
    assert bucket_edges(np.array([50, 0, 50]), 3).tolist() == [50]
    assert bucket_edges(np.array([0, 0]), 3).tolist() == [1]


def test_a_few_long_rows_get_a_bucket_of_their_own():
    lengths = np.append(np.tile([20, 30, 40], 100), 800)
    assert bucket_edges(lengths, 4).tolist() == [24, 32, 40, 800]


@settings(max_examples=60)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=40), st.integers(1, 4))
def test_no_other_edges_pad_less(lengths, num_buckets):
    lengths = np.array(lengths)
    edges = bucket_edges(lengths, num_buckets)

    def padded(edges):
        return int(edges[np.searchsorted(edges, lengths)].sum())

    assert len(edges) <= num_buckets
    assert edges[-1] >= lengths.max()
    if lengths.min() == lengths.max():
        return
    last = -(-int(lengths.max()) // 8) * 8
    others = [
        np.array([*some, last])
        for size in range(num_buckets)
        for some in combinations(range(8, last, 8), size)
    ]
    assert padded(edges) == min(padded(other) for other in others)


def test_very_long_inputs_have_edges_on_a_coarser_grid():
    edges = bucket_edges(np.arange(1, 100_000, 7), 4)
    assert len(edges) == 4
    assert 100_000 <= edges[-1] < 101_000


def test_fingerprint_follows_all_that_the_order_depends_on():
    lengths = np.arange(40)
    base = Plan(40, 4, 0, lengths).fingerprint()
    assert base == Plan(40, 4, 0, lengths).fingerprint()
    changed = [
        Plan(40, 8, 0, lengths),
        Plan(40, 4, 1, lengths),
        Plan(40, 4, 0, lengths[::-1]),
        Plan(40, 4, 0, lengths, accumulate=2),
        Plan(40, 4, 0, lengths, shuffle=False),
    ]
    assert base not in [plan.fingerprint() for plan in changed]


def test_numbers_below_one_are_refused():
    with pytest.raises(RecipeError, match=r"batch_size of at least 1\. Got 0"):
        Plan(5, 0)
    with pytest.raises(RecipeError, match="No row is left"):
        Plan(0, 5)


def test_lengths_of_other_rows_are_refused():
    with pytest.raises(RecipeError, match=r"lengths of shape \(5, columns\). Got \(4, 1\)"):
        Plan(5, 2, lengths=np.arange(4))


def test_rows_come_as_often_as_their_chance_says_in_every_epoch():
    chances = np.array([1.0] * 30 + [10.0] * 3)
    lengths = np.array([5] * 17 + [40] * 16)
    for one in (Plan(33, 4, chances=chances), Plan(33, 4, lengths=lengths, chances=chances)):
        counts = np.zeros(33)
        for epoch in range(20):
            rows = np.concatenate([one.batch(epoch, step)[0] for step in range(one.steps(epoch))])
            assert (rows >= 0).sum() == 33
            np.add.at(counts, rows[rows >= 0], 1)
        assert counts[30:].mean() > 4 * counts[17:30].mean()
    plain = Plan(33, 4)
    assert Plan(33, 4, chances=chances).fingerprint() != plain.fingerprint()
    with pytest.raises(RecipeError, match="chances above 0 for 33 rows"):
        Plan(33, 4, chances=np.zeros(33))
