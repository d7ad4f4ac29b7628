"""The loader: the plan's batches, weights that sum up, and any step to go on from."""

import numpy as np
import pytest

from loader_parts import Label, Number, Ramp, Steps, collate, collate_targets, table
from polymodal.core.errors import DataError, RecipeError
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.feed.loader import Loader
from polymodal.feed.plan import Plan
from polymodal.feed.samples import Samples, Source
from polymodal.media.cache import Cache

ROWS = 23


def make(
    target=None, batch_size=4, accumulate=1, words=None, num_threads=2, cache=None, **settings
):
    audio = [str(n % 9 + 1) if n % 5 else "" for n in range(ROWS)]
    words = words or ["ab"[n % 2] for n in range(ROWS)]
    whole = table(audio=audio, size=[str(n) for n in range(ROWS)], word=words)
    sources = [Source("sound", Ramp(), ["audio"]), Source("number", Number(), ["size"])]
    samples = Samples(whole, sources, target or Label(), "word", cache)
    checked = check(samples, Ledger(), fit=True)
    plan = Plan(len(checked), batch_size, 7, checked.lengths, accumulate=accumulate)
    return Loader(
        samples, checked, plan, collate, collate_targets, num_threads=num_threads, **settings
    )


def same(one, two):
    return (
        all(np.array_equal(one[0][key], two[0][key]) for key in one[0])
        and np.array_equal(one[1], two[1])
        and np.array_equal(one[2], two[2])
    )


def test_a_batch_holds_exactly_the_rows_of_the_plan():
    loader = make()
    for step, (inputs, targets, weights) in enumerate(loader.epoch(0)):
        rows = loader.rows_of(0, step)
        real = rows >= 0
        assert set(inputs) == {"input_0", "input_0_mask", "input_1", "input_1_mask"}
        assert inputs["input_1"][real, 0].tolist() == rows[real].tolist()
        assert targets[real].tolist() == (rows[real] % 2).tolist()
        assert inputs["input_0_mask"].sum(1)[real].tolist() == [
            row % 9 + 1 if row % 5 else 0 for row in rows[real]
        ]
        assert not inputs["input_1_mask"][~real].any()
        assert not inputs["input_0_mask"][~real].any()
        assert (weights[~real] == 0).all()
        assert weights.dtype == np.float32


@pytest.mark.parametrize("threads", [1, 4])
def test_an_epoch_can_be_entered_at_any_step(threads):
    loader = make(augment=True, num_threads=threads)
    whole = list(loader.epoch(3))
    for start in (0, 2, loader.steps() - 1, loader.steps()):
        rest = list(loader.epoch(3, start_step=start))
        assert len(rest) == len(whole) - start
        assert all(same(one, two) for one, two in zip(rest, whole[start:], strict=True))


def shared(folder, **settings):
    """Returns a loader of batches of 8 rows that share sounds, of which the table has nine."""
    one = make(cache=Cache(folder), **settings)
    items = one.samples.items(one.samples.sources[0])[one.checked.rows]
    plan = Plan(len(one.checked), 8, 7, one.checked.lengths, items=items, rows_per_item=4)
    return Loader(one.samples, one.checked, plan, collate, collate_targets, shared=0, **settings)


def test_what_rows_share_is_made_once_a_batch(tmp_path):
    loader = shared(tmp_path)
    for step, (inputs, targets, weights) in enumerate(loader.epoch(0)):
        rows = loader.rows_of(0, step)
        real = rows >= 0
        assert len(inputs["input_0"]) == len(inputs["input_0_mask"]) == loader.plan.num_items < 8
        assert inputs["input_0_item"].dtype == np.int32
        masks = inputs["input_0_mask"][inputs["input_0_item"]]  # as each row by itself has it
        assert masks.sum(1)[real].tolist() == [row % 9 + 1 if row % 5 else 0 for row in rows[real]]
        assert inputs["input_1"][real, 0].tolist() == rows[real].tolist()
        assert targets[real].tolist() == (rows[real] % 2).tolist()
        assert (weights[~real] == 0).all()


def test_rows_that_share_a_sound_hear_the_same_variant_of_it(tmp_path):
    inputs = shared(tmp_path, augment=True).batch(0, 0)[0]
    plain = shared(tmp_path).batch(0, 0)[0]
    assert np.array_equal(inputs["input_0_item"], plain["input_0_item"])
    assert not np.array_equal(inputs["input_0"], plain["input_0"])


def test_an_epoch_that_is_left_early_makes_few_batches_ahead(monkeypatch):
    loader, made = make(batch_size=1, num_threads=1), []
    batch = loader.batch
    monkeypatch.setattr(loader, "batch", lambda e, step: made.append(step) or batch(e, step))
    epoch = loader.epoch(0)
    next(epoch)
    epoch.close()
    assert len(made) <= 6  # one taken, four that wait, one in the making


def test_augmentation_depends_on_seed_epoch_and_step_only():
    def first_values(epoch, seed=0):
        loader = make(augment=True, seed=seed)
        steps = reversed(range(loader.steps()))  # whatever was made before
        return {step: loader.batch(epoch, step)[0]["input_0"][:, 0, 0].tolist() for step in steps}

    assert first_values(0) == first_values(0)
    assert first_values(0) != first_values(1)
    assert first_values(0) != first_values(0, seed=1)


def test_weights_of_an_effective_batch_sum_to_accumulate():
    for accumulate in (1, 3):
        loader = make(batch_size=4, accumulate=accumulate)
        weights = np.array([weight.sum() for _, _, weight in loader.epoch(0)])
        assert np.allclose(weights.reshape(-1, accumulate).sum(1), accumulate)


def test_ragged_effective_batches_have_the_same_mean_however_they_are_split():
    words = ["".join("01-"[(n + i) % 3] for i in range(n % 4 + 1)) for n in range(ROWS)]

    def mean_loss(batch_size, accumulate):
        loader = make(Steps(), batch_size, accumulate, words)
        losses = [
            (inputs["input_1"] * targets * weights).sum() + weights.sum()
            for inputs, targets, weights in loader.epoch(0)
        ]
        return np.array(losses).reshape(-1, accumulate).mean(1)

    assert np.allclose(mean_loss(8, 1), mean_loss(4, 2), atol=1e-5)
    assert np.allclose(mean_loss(8, 1), mean_loss(2, 4), atol=1e-5)


def test_steps_that_do_not_count_have_no_weight():
    words = ["".join("01-"[(n + i) % 3] for i in range(n % 4 + 1)) for n in range(ROWS)]
    loader = make(Steps(), words=words)
    for step, (_, targets, weights) in enumerate(loader.epoch(0)):
        assert weights.shape == targets.shape
        counted = sum(
            sum(c != "-" for c in words[row]) for row in loader.rows_of(0, step) if row >= 0
        )
        assert (weights > 0).sum() == counted


def test_class_and_row_weights_multiply():
    plain = make()
    rows = np.arange(len(plain.checked)) + 1.0
    weighted = make(class_weights=[1.0, 3.0], row_weights=rows)
    for step, (_, targets, weights) in enumerate(weighted.epoch(0)):
        positions, _ = plain.plan.batch(0, step)
        expected = plain.batch(0, step)[2] * np.where(targets == 1, 3, 1) * rows[positions]
        assert np.allclose(weights, expected)


def test_without_a_target_batches_have_none():
    samples = Samples(table(size=["1", "2", "3"]), [Source("number", Number(), ["size"])])
    checked = check(samples, Ledger())
    loader = Loader(samples, checked, Plan(3, 2, shuffle=False), collate)
    batches = list(loader.epoch(0))
    assert [batch[1] for batch in batches] == [None, None]
    assert [batch[2].tolist() for batch in batches] == [[0.5, 0.5], [1.0, 0.0]]


def test_a_file_that_vanished_after_the_check_is_named():
    samples = Samples(table(audio=["1", "2"]), [Source("sound", Ramp(), ["audio"])])
    checked = check(samples, Ledger())
    samples.table = table(audio=["1", "broken"])
    with pytest.raises(DataError, match=r'train\.csv row 2: column "audio"'):
        list(Loader(samples, checked, Plan(2, 1, 0, checked.lengths), collate).epoch(0))


def test_fingerprint_follows_what_the_rows_hold(tmp_path):
    def known(cache=None, words=("a", "b", "a"), **settings):
        samples = Samples(
            table(audio=["3", "5", "3"], word=list(words)),
            [Source("sound", Ramp(**settings), ["audio"])],
            Label(),
            "word",
            cache,
        )
        checked = check(samples, Ledger(), fit=True)
        return Loader(samples, checked, Plan(3, 2, 0, checked.lengths), collate).fingerprint()

    base = known()
    assert base == known(Cache(tmp_path)) == known(Cache(tmp_path))  # decoded, and then not
    assert base != known(words=("a", "a", "b"))
    assert base != known(scale=2)  # as many steps, other content
    assert base != known(Cache(tmp_path), scale=2)


def test_fingerprint_follows_rows_plan_seed_and_weights():
    base = make().fingerprint()
    assert base == make().fingerprint()
    others = [make(batch_size=5), make(seed=1), make(augment=True), make(class_weights=[1, 2])]
    assert len({base, *(loader.fingerprint() for loader in others)}) == 5


def test_a_plan_of_other_rows_is_refused():
    loader = make()
    with pytest.raises(RecipeError, match=r"plan over 23 rows\. Got one over 5"):
        Loader(loader.samples, loader.checked, Plan(5, 2), collate)
    with pytest.raises(RecipeError, match=r"23 row weights\. Got 2"):
        make(row_weights=[1.0, 2.0])
