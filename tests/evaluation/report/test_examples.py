import numpy as np
import pytest

from polymodal.evaluation.decisions import decisions
from polymodal.evaluation.report.examples import choose_examples


@pytest.mark.parametrize("sharpness", [0.3, 0.8, 2.5])
def test_as_many_are_right_as_of_all_rows_and_wrong_ones_come_first(make, sharpness):
    one = make.classes(sharpness=sharpness)
    truth, guess = decisions(one)
    found = choose_examples(one, 10)
    right = [bool(truth[i] == guess[i]) for i in found]
    assert right == sorted(right)
    assert np.mean(right) == pytest.approx((truth == guess)[one.scored].mean(), abs=0.051)


def test_the_confidence_of_examples_is_the_usual_one(make):
    one = make.classes(sharpness=0.8)
    confidence = one.outputs.max(axis=1)
    found = confidence[choose_examples(one, 12)]
    assert found.mean() == pytest.approx(confidence[one.scored].mean(), abs=0.05)
    assert found.min() < np.quantile(confidence, 0.25)
    assert found.max() > np.quantile(confidence, 0.75)


def test_examples_are_of_many_classes(make):
    one = make.classes(sharpness=2.5)
    truth, _ = decisions(one)
    assert len({int(truth[i]) for i in choose_examples(one, 10)}) == 4


def test_unscored_rows_are_never_shown(make):
    one = make.classes()
    one.scored[:290] = False
    assert min(choose_examples(one)) >= 290


def test_a_perfect_model_shows_right_ones_only(make):
    one = make.classes()
    one.outputs = np.eye(4)[one.targets]
    assert len(choose_examples(one, 6)) == 6


def test_a_table_of_few_rows_shows_each_once(make):
    one = make.classes()
    one.scored[3:] = False
    assert sorted(choose_examples(one)) == [0, 1, 2]


def test_regression_shows_small_and_large_errors(make):
    one = make.regression()
    error = np.abs(np.ravel(one.outputs) - np.ravel(one.targets))
    found = error[choose_examples(one, 8)]
    assert (np.diff(found) >= 0).all()
    assert found[0] <= np.quantile(error, 0.125)
    assert found[-1] >= np.quantile(error, 0.875)


def test_row_of_many_steps_is_shown_once(make):
    one = make.seq2seq(length=6)
    found = choose_examples(one, 6)
    assert len({one.rows[i] for i in found}) == len(found)


def test_choice_follows_from_the_seed(make):
    assert choose_examples(make.multilabel(), seed=1) == choose_examples(make.multilabel(), seed=1)
