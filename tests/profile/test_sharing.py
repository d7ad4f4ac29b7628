"""Rows that share a picture come together: every row once, batches alike, pure in the seed."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.core.seeds import generator
from polymodal.feed.plan import FILLER, Plan
from polymodal.profile.sharing import Sharing, repeats


def shared_plan(batch_size=64, accumulate=1, seed=0, rows=2000, items=200, together=4):
    of_row = np.random.default_rng(5).integers(0, items, rows)
    return of_row, Plan(
        rows, batch_size, seed, items=of_row, rows_per_item=together, accumulate=accumulate
    )


@settings(max_examples=150)
@given(st.data())
def test_every_row_comes_once_and_no_batch_has_more_items_than_are_made_room_for(data):
    items = np.array(data.draw(st.lists(st.integers(-1, 12), min_size=1, max_size=120)))
    batch_size, accumulate = data.draw(st.integers(1, 17)), data.draw(st.integers(1, 4))
    together = data.draw(st.integers(2, 9))
    sharing = Sharing(items, together, batch_size, accumulate)
    seen = []
    for epoch in range(2):
        order = sharing.draw(generator(3, epoch))
        assert order.shape[1:] == (accumulate, batch_size)
        assert len(order) * accumulate == sharing.num_steps
        rows = order[order != FILLER]
        assert sorted(rows.tolist()) == list(range(len(items)))
        for step in order.reshape(-1, batch_size):
            assert len(np.unique(items[step[step != FILLER]])) <= sharing.num_items
        seen.append(rows.tolist())


def test_batches_have_few_items_and_hardly_any_filler():
    of_row, plan = shared_plan()
    batches = [plan.batch(0, step)[0] for step in range(plan.steps())]
    assert plan.steps() <= 2000 // 64 + 2
    assert plan.num_items <= 22  # 64 rows of 200 items would have 55
    assert all((rows == FILLER).sum() <= 4 for rows in batches)
    for rows in batches:
        counts = np.bincount(of_row[rows[rows != FILLER]])
        assert np.median(counts[counts > 0]) >= 3


def test_company_and_batches_change_from_epoch_to_epoch():
    of_row, plan = shared_plan()

    def company(epoch):
        pairs = set()
        for step in range(plan.steps()):
            rows = plan.batch(epoch, step)[0]
            rows = np.sort(rows[rows != FILLER])
            pairs |= {(a, b) for a in rows for b in rows if a < b and of_row[a] == of_row[b]}
        return pairs

    first, second = company(0), company(1)
    assert len(first & second) < 0.6 * len(first)
    assert company(0) == first


def test_same_rows_whatever_the_split_of_the_effective_batch():
    plans = [shared_plan(size, accumulate)[1] for size, accumulate in ((64, 1), (32, 2), (16, 4))]
    effective = [
        [sorted(plan.effective_rows(1, step)) for step in range(0, plan.steps(), times)]
        for plan, times in zip(plans, (1, 2, 4), strict=True)
    ]
    assert effective[0] == effective[1] == effective[2]


def test_where_there_are_length_buckets_rows_come_by_themselves():
    lengths = np.random.default_rng(0).integers(1, 400, 2000)
    plan = Plan(2000, 16, lengths=lengths, items=np.arange(2000) // 8, rows_per_item=4)
    assert len(plan.edges[0]) > 1
    assert plan.num_items is None


def test_fingerprint_follows_the_items():
    found = [
        shared_plan()[1],
        shared_plan(together=5)[1],
        shared_plan(items=100)[1],
        Plan(2000, 64),
    ]
    assert len({plan.fingerprint() for plan in found}) == 4


def test_how_often_an_item_comes_leaves_out_missing_ones():
    assert repeats(np.array([0, 0, 1, 1, 1, 1, -1, -1])) == 3
    assert repeats(np.array([-1, -1])) == 1
