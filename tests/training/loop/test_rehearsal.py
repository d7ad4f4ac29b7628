"""Timing a few steps leaves no trace, and its arithmetic is right. Nothing here depends on time."""

import keras
import numpy as np
import pytest

from polymodal.bundle import weights
from polymodal.training.loop import rehearsal
from polymodal.training.loop.fit import begin
from polymodal.training.loop.rehearsal import Pace, Times, epoch_seconds
from small_run import ArrayLoader, Task, accuracy, make_data, make_model, settings


def given(**changes):
    varies = {"time": 8} if changes.pop("varies", False) else {}
    train = ArrayLoader(*make_data(50, **varies), 8, varies=bool(varies))
    held = ArrayLoader(*make_data(30, seed=1, **varies), 8, shuffle=False, varies=bool(varies))
    return (
        make_model(time=bool(varies)),
        Task(),
        train,
        held,
        settings(average=0.9, epochs=2, **changes),
    )


@pytest.mark.parametrize("varies", [False, True])
def test_timing_changes_no_byte_of_what_is_trained(tmp_path, varies):
    plain = begin(*given(varies=varies), tmp_path / "plain", score=accuracy).complete()
    session = begin(*given(varies=varies), tmp_path / "timed", score=accuracy)
    before = session.state.arrays()
    pace = session.rehearse()
    after = session.state.arrays()
    assert {name for name in after if not name.startswith("metrics/")} <= set(before)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert pace.epoch > 0
    assert pace.validation > 0
    found = session.complete()
    assert weights.encode(found.weights) == weights.encode(plain.weights)
    keep = lambda history: [{k: v for k, v in e.items() if k != "seconds"} for e in history]
    assert keep(found.history) == keep(plain.history)


def test_nothing_is_written_while_steps_are_timed(tmp_path):
    session = begin(*given(), tmp_path / "run", score=accuracy)
    session.rehearse()
    assert not (tmp_path / "run").exists()


def test_a_finished_run_has_nothing_to_time(tmp_path):
    begin(*given(), tmp_path, score=accuracy).complete()
    session = begin(*given(), tmp_path, score=accuracy)
    assert session.epochs_left == 0
    assert session.rehearse() == Pace()


def test_seconds_of_an_epoch_grow_with_the_size_of_its_batches():
    assert epoch_seconds([10, 20], 4, {10: 1.0, 20: 2.0}) == 6.0
    assert epoch_seconds([10, 20], 4, {20: 2.0}) == 8.0
    assert epoch_seconds([10, 20], 2, {10: 2.0, 20: 1.0}) == 4.0  # faster by chance


def test_a_very_slow_step_of_a_short_training_is_not_taken_twice():
    asked = []

    def fit_steps(steps):
        asked.append(len(steps))
        return 25.0

    assert rehearsal._time(fit_steps, 0, planned=10) == Times(25.0, 25.0, 25.0)
    assert asked == [1]


def test_compiling_is_not_counted_for_each_step_of_a_short_training():
    waits = iter([15.0, 0.1])
    found = rehearsal._time(lambda steps: next(waits), 0, planned=7)
    assert found == Times(15.0, 0.1, 0.1)


def test_a_minute_of_compiling_is_not_taken_for_a_step():
    waits, limit = iter([190.0, 6.0]), rehearsal.Limit(lambda: 0.0)
    limit.is_over = lambda expected: True
    found = rehearsal._time(lambda steps: next(waits), 0, planned=120, limit=limit)
    assert found == Times(190.0, 6.0, 6.0)


def test_short_steps_are_timed_together_within_a_share_of_the_training():
    asked = []

    def fit_steps(steps):
        asked.append(len(steps))
        return 0.03 + 0.01 * len(steps) + (1.0 if len(asked) == 1 else 0.0)

    found = rehearsal._time(fit_steps, 0, planned=1000)
    assert asked == [1, 1, 10, 10, 10]  # 3 % of 1,000 steps of 0.04 s
    assert found.once == pytest.approx(0.04)
    assert found.step == pytest.approx(0.01)
    assert found.overhead == pytest.approx(0.03)


def test_other_work_on_the_machine_disturbs_little():
    waits = iter([1.0, 0.04, 0.9, 0.13, 0.14])  # a fit of ten steps took far longer than the others
    assert rehearsal._time(lambda steps: next(waits), 0, planned=1000).step == pytest.approx(
        0.1 / 9
    )


def test_timing_ends_with_a_minute_or_a_tenth_of_what_is_expected():
    now = [0.0]
    limit = rehearsal.Limit(lambda: now[0])

    def fit_steps(steps):
        now[0] += 15 * len(steps)
        return 15.0 * len(steps)

    assert rehearsal._time(fit_steps, 0, planned=21, limit=limit) == Times(15.0, 15.0, 15.0)
    assert now[0] == 30  # nearly a tenth of 345 s: steps are not timed together
    assert not limit.is_over(301)
    now[0] = 60
    assert limit.is_over(10_000)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="JAX compiles each size by itself")
def test_sizes_that_are_still_to_be_compiled_are_counted():
    model, _, train, _, _ = given(varies=True)
    model.compile(loss=Task().loss(), optimizer="sgd")
    assert rehearsal.rehearse(model, train, 2, True, None).compiling == 0  # both sizes came
