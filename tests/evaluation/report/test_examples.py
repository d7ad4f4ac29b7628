import numpy as np

from polymodal.evaluation.metrics import decisions
from polymodal.evaluation.report.examples import choose_examples


def test_wrong_ones_come_first_and_are_surest_of_their_kind(make):
    one = make.classes(sharpness=0.5)
    found = choose_examples(one, num_right=4, num_wrong=5)
    truth, guess = decisions(one)
    assert [bool(truth[i] == guess[i]) for i in found] == [False] * 5 + [True] * 4
    pairs = [(truth[i], guess[i]) for i in found[:5]]
    assert len(set(pairs)) == 5
    assert len({truth[i] for i in found[5:]}) == 4


def test_unscored_rows_are_never_shown(make):
    one = make.classes()
    one.scored[:290] = False
    assert min(choose_examples(one)) >= 290


def test_perfect_model_shows_right_ones_only(make):
    one = make.classes()
    one.outputs = np.eye(4)[one.targets]
    assert len(choose_examples(one, num_right=3, num_wrong=3)) == 3


def test_regression_shows_its_largest_errors(make):
    one = make.regression()
    one.outputs[17] += 100
    found = choose_examples(one, num_right=2, num_wrong=2)
    assert found[0] == 17
    assert len(set(found)) == 4


def test_row_of_many_steps_is_shown_once(make):
    one = make.seq2seq(length=6)
    found = choose_examples(one, 3, 3)
    assert len({one.rows[i] for i in found}) == len(found)


def test_choice_follows_from_the_seed(make):
    assert choose_examples(make.multilabel(), seed=1) == choose_examples(make.multilabel(), seed=1)
