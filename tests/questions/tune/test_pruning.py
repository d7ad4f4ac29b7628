"""Only what is worse by more than chance, after a fair start, is stopped early."""

from polymodal.questions.tune.pruning import Point, is_hopeless

BEST = [Point(0.25, 0.3, 0.02), Point(0.5, 0.2, 0.02), Point(1.0, 0.1, 0.02)]


def test_a_much_worse_candidate_is_hopeless():
    assert is_hopeless(Point(0.5, 0.35, 0.02), BEST)


def test_chance_the_start_and_the_first_candidate_are_no_reason():
    assert not is_hopeless(Point(0.5, 0.25, 0.02), BEST)
    assert not is_hopeless(Point(0.1, 0.9, 0.02), BEST)
    assert not is_hopeless(Point(0.5, 0.9, 0.02), [])
