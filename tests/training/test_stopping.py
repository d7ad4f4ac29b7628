import math

import pytest

from polymodal.core.errors import TrainingError
from polymodal.training.stopping import Best


def follow(best, scores):
    kept = []
    for epoch, entry in enumerate(scores):
        if best.is_better(entry):
            best.keep(epoch, entry, {})
            kept.append(epoch)
        else:
            best.wait()
        if best.stop:
            break
    return kept, epoch


def test_the_best_epoch_by_the_highest_score():
    best = Best("accuracy", "max", None)
    assert follow(best, [{"accuracy": a} for a in (0.3, 0.5, 0.4, 0.6)])[0] == [0, 1, 3]
    assert (best.epoch, best.score) == (3, 0.6)


def test_the_best_epoch_by_the_lowest_score():
    best = Best("mae", "min", None)
    assert follow(best, [{"mae": a} for a in (3, 2, 4)])[0] == [0, 1]


def test_stops_after_patience_epochs_without_a_better_score():
    kept, last = follow(Best("a", "max", 2), [{"a": a} for a in (1, 2, 2, 1, 9)])
    assert (kept, last) == ([0, 1], 3)


def test_between_equal_scores_the_lower_loss_is_better():
    best = Best("a", "max", None)
    scores = [{"a": 1, "val_loss": 3}, {"a": 1, "val_loss": 2}, {"a": 1, "val_loss": 2.5}]
    assert follow(best, scores)[0] == [0, 1]


def test_a_score_that_is_not_a_number_is_never_better():
    best = Best("a", "max", 2)
    assert follow(best, [{"a": math.nan}, {"a": 0.1}])[0] == [1]


def test_an_absent_score_gets_the_nearest_name():
    with pytest.raises(TrainingError, match='Did you mean "accuracy"'):
        Best("acuracy", "max", 2).is_better({"accuracy": 1.0})


@pytest.mark.parametrize(("last", "num_rows", "by_chance"), [
    (0.8, 20, True), (0.85, 2000, False), (0.7, 20, False), (0.9, 2000, True)])
def test_a_lead_within_two_standard_errors_is_chance(last, num_rows, by_chance):
    best = Best("accuracy", "max", None)
    follow(best, [{"accuracy": 0.9}])
    assert best.by_chance({"accuracy": last}, num_rows) == by_chance


@pytest.mark.parametrize(("before", "last", "by_chance"), [
    ({}, {}, False), ({"val_loss": 1.0}, {"val_loss": 0.9}, True),
    ({"val_loss": 1.0}, {"val_loss": 1.0}, False), ({"val_loss": 1.0}, {"val_loss": 1.1}, False)])
def test_between_scores_that_are_no_shares_of_rows_the_loss_decides(before, last, by_chance):
    best = Best("mae", "min", None)
    follow(best, [{"mae": 2.0} | before])
    assert best.by_chance({"mae": 2.01} | last, 10) == by_chance


@pytest.mark.parametrize("entries", [[], [{"a": 1.0}], [{"a": 1.0, "val_loss": 2.0}, {"a": 0.0}]])
def test_state_round_trip(entries):
    first, second = Best("a", "max", 3), Best("a", "max", 3)
    follow(first, entries) if entries else None
    second.restore(first.state(), first.weights)
    assert vars(first) == vars(second)
