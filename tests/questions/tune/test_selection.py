"""The best of many is chosen with care, and its score is corrected for having been chosen."""

import numpy as np

from polymodal.profile.profile import profile
from polymodal.questions.tune.rows import divide
from polymodal.questions.tune.selection import resamples, select
from polymodal.tables.table import read


def drawn(right, num_asked=200, seed=0):
    """Scores of candidates from which rows (candidates, rows) each answers rightly."""
    inside, outside = resamples(np.arange(right.shape[1]), num_asked, seed)
    return (
        right.mean(axis=1),
        right @ inside / inside.sum(axis=0),
        right @ outside / outside.sum(axis=0),
    )


def test_equal_candidates_leave_the_first_and_are_not_promised_the_best_score():
    rng, best, expected, held = np.random.default_rng(0), [], [], 0
    for seed in range(20):
        right = (rng.random((12, 200)) < 0.8).astype(float)
        found = select(*drawn(right, seed=seed))
        best.append(right.mean(axis=1).max())
        expected.append(found.expected)
        held += found.interval[0] <= (rng.random(200) < 0.8).mean() <= found.interval[1]
    assert np.mean(best) > 0.83
    assert abs(np.mean(expected) - 0.8) < 0.02
    assert held >= 17


def test_a_better_candidate_is_chosen():
    rng = np.random.default_rng(1)
    right = (rng.random((4, 300)) < np.array([0.7, 0.7, 0.85, 0.7])[:, None]).astype(float)
    found = select(*drawn(right))
    assert found.best == 2
    assert found.ahead[2] > 0.95


def test_a_candidate_that_is_better_by_chance_does_not_replace_the_first():
    right = np.zeros((2, 200))
    right[:, :150] = 1
    right[1, 150] = 1  # one row more
    right[1, :40], right[1, 150:190] = 0, 1  # but other ones
    assert select(*drawn(right)).best == 0


def test_no_more_is_expected_than_was_measured():
    rng = np.random.default_rng(3)
    for seed in range(10):
        right = (rng.random((1, 30)) < 0.7).astype(float)
        scores, inside, outside = drawn(right, 10, seed)
        assert select(scores, inside, outside).expected <= scores[0]
        assert select(1 - scores, 1 - inside, 1 - outside, False).expected >= 1 - scores[0]


def test_two_groups_at_least_are_compared_on():
    sites = [f"s{row % 8}" for row in range(120)]
    table = read({"a": list(range(120)), "site": sites, "y": ["hi", "lo", "lo"] * 40})
    rows = divide({"train": profile(table)}, "y", "site", 0)
    assert len(set(rows.val.values("site"))) >= 2
    assert not set(rows.val.values("site")) & set(rows.train.values("site"))


def test_errors_are_chosen_by_the_lowest():
    rng = np.random.default_rng(2)
    wrong = np.abs(rng.normal(size=(3, 200))) * np.array([1.0, 0.5, 1.0])[:, None]
    assert select(*drawn(wrong), higher=False).best == 1


def test_rows_of_a_group_come_together_and_are_never_on_both_sides():
    unit = np.arange(60) // 6
    inside, outside = resamples(unit, 30)
    assert (inside.reshape(10, 6, -1) == inside.reshape(10, 6, -1)[:, :1]).all()
    assert not ((inside > 0) & (outside > 0)).any()
