import math

import numpy as np
import pytest

from polymodal.core.errors import TrainingError
from polymodal.training.steps.stopping import Best, gap

ROWS = np.zeros((2, 12))  # all equal: nothing is told from chance


def follow(best, scores):
    kept = []
    for epoch, entry in enumerate(scores):
        if best.follow(epoch, entry, ROWS, dict):
            kept.append(epoch)
        if best.stop:
            break
    return kept, epoch


def test_with_patience_the_highest_score_is_kept():
    best = Best("accuracy", "max", 9)
    assert follow(best, [{"accuracy": a} for a in (0.3, 0.5, 0.4, 0.6)])[0] == [0, 1, 3]
    assert (best.epoch, best.score) == (3, 0.6)


def test_with_patience_the_lowest_error_is_kept():
    best = Best("mae", "min", 9)
    assert follow(best, [{"mae": a} for a in (3, 2, 4)])[0] == [0, 1]


def test_stops_after_patience_epochs_without_a_better_score():
    kept, last = follow(Best("a", "max", 2), [{"a": a} for a in (1, 2, 2, 1, 9)])
    assert (kept, last) == ([0, 1], 3)


def test_between_equal_scores_the_lower_loss_is_better():
    best = Best("a", "max", 9)
    scores = [{"a": 1, "val_loss": 3}, {"a": 1, "val_loss": 2}, {"a": 1, "val_loss": 2.5}]
    assert follow(best, scores)[0] == [0, 1]


def test_a_score_that_is_not_a_number_is_never_better():
    best = Best("a", "max", 2)
    assert follow(best, [{"a": math.nan}, {"a": 0.1}])[0] == [1]


def test_an_absent_score_gets_the_nearest_name():
    with pytest.raises(TrainingError, match='Did you mean "accuracy"'):
        Best("acuracy", "max", 2).follow(0, {"accuracy": 1.0}, ROWS, dict)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        (np.ones(20), math.inf),
        (np.zeros(20), 0.0),
        (-np.ones(20), -math.inf),
        (np.ones(9), 0.0),
        ([1.0] * 12 + [-1.0] * 8, 0.890),
        ([1.0] * 15 + [-1.0] * 5, 2.517),
    ],
)
def test_a_mean_difference_is_measured_in_its_standard_errors(differences, expected):
    assert gap(np.array(differences) + 3.0, np.full(len(differences), 3.0)) == pytest.approx(
        expected, abs=1e-3
    )


# Runs of 60 epochs as their validation rows see them: each row has an error of its own, which
# other epochs share, and what an epoch adds.


def run(mean, rows=50, noise=0.3, seed=0, epochs=60, errors=None, **settings):
    """Follows a run with losses of that mean, a function of the epoch; returns it and the epochs
    it went through."""
    rng = np.random.default_rng(seed)
    own, best = rng.exponential(size=rows), Best("accuracy", "max", None, epochs, **settings)
    wrong = rng.random(rows)
    for epoch in range(epochs):
        loss = own + mean(epoch) + noise * rng.normal(size=rows)
        error = (
            loss if errors is None else 1.0 * (wrong + 0.1 * rng.normal(size=rows) < errors(epoch))
        )
        best.follow(epoch, {}, np.stack([loss, error]), dict)
        if best.stop:
            break
    return best, epoch + 1


def overfits(epoch):
    return 0.2 * (10 - epoch) if epoch < 10 else 0.02 * (epoch - 10)


def test_a_run_that_only_varies_keeps_the_last_epoch():
    found = [run(lambda epoch: 0.0, seed=seed) for seed in range(50)]
    assert sum(best.prefers_last for best, _ in found) >= 42


def test_a_run_that_gets_better_keeps_the_last_epoch():
    for seed in range(20):
        best, epochs = run(lambda epoch: 1 / (1 + epoch / 10), seed=seed)
        assert epochs == 60
        assert best.prefers_last or best.epoch > 50


def test_a_run_that_overfits_stops_and_keeps_an_epoch_near_the_best():
    for seed in range(20):
        best, epochs = run(overfits, seed=seed)
        assert best.stop
        assert 7 <= best.epoch <= 16
        assert epochs < 40
        assert best.reason == (
            f"Keeping epoch {best.epoch + 1}: on the validation rows the "
            f"{'last 9 epochs' if best.waited > 9 else '9 epochs since'} are "
            "worse by more than chance."
        )


def test_a_run_that_is_to_go_on_keeps_the_better_epoch_all_the_same():
    best, epochs = run(overfits, early=False)
    assert (best.stop, epochs, best.prefers_last) == (False, 60, False)
    assert 7 <= best.epoch <= 16


def test_one_bad_epoch_stops_nothing():
    best, epochs = run(lambda epoch: 2.0 * (epoch % 10 == 9))
    assert epochs == 60
    assert best.epoch % 10 != 9


def test_a_larger_loss_is_no_reason_while_more_rows_are_right():
    for seed in range(20):
        best, epochs = run(
            overfits, seed=seed, rows=200, errors=lambda epoch: 0.5 * math.exp(-epoch / 30)
        )
        assert epochs == 60
        assert best.prefers_last or best.epoch > 50


def test_a_larger_loss_is_a_reason_where_no_more_rows_are_right():
    found = [run(overfits, seed=seed, rows=200, errors=lambda epoch: 0.5) for seed in range(20)]
    stopped = [best.epoch for best, epochs in found if epochs < 60]
    assert len(stopped) >= 17
    assert np.median(stopped) < 20


@pytest.mark.parametrize(
    ("patience", "epochs", "early", "may"),
    [
        (None, 6, True, False),
        (None, 7, True, True),
        (None, 100, False, False),
        (3, 4, False, True),
        (3, 3, True, False),
    ],
)
def test_only_longer_runs_can_stop_before_their_last_epoch(patience, epochs, early, may):
    assert Best("accuracy", "max", patience, epochs, early).may_stop == may


def test_few_rows_tell_nothing():
    best, epochs = run(overfits, rows=9)
    assert (epochs, best.prefers_last) == (60, True)


@pytest.mark.parametrize("patience", [None, 3])
@pytest.mark.parametrize("epochs", [0, 1, 25])
def test_state_round_trip(patience, epochs):
    make = lambda: Best("accuracy", "max", patience, 60)
    first, second = make(), make()
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 2, 20)) + np.array([overfits(e) for e in range(60)])[:, None, None]
    entries = [{"accuracy": float(a), "val_loss": 1.0} for a in rng.random(60)]
    for epoch in range(epochs):
        first.follow(epoch, entries[epoch], rows[epoch], dict)
    second.restore(first.state(), first.weights, first.arrays())
    for epoch in range(epochs, 60):
        for best in (first, second):
            best.follow(epoch, entries[epoch], rows[epoch], dict)
        assert second.state() == first.state()
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], array)
