import numpy as np
import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.evaluation.metrics import score
from polymodal.evaluation.resampling.intervals import intervals


@pytest.mark.parametrize("kind", ["classes", "multilabel", "regression", "seq2seq"])
def test_interval_of_every_metric_holds_the_metric(make, kind):
    one = getattr(make, kind)()
    found, values = intervals(one), score(one)
    values.pop("calibration_error", None)
    assert set(found) == set(values)
    for name, (low, high) in found.items():
        assert low < values[name] < high


def test_accuracy_interval_is_that_of_a_binomial(make):
    one = make.classes(n=2000)
    low, high = intervals(one, num_samples=4000)["accuracy"]
    share = score(one)["accuracy"]
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(share * (1 - share) / 2000), rel=0.1)


def test_groups_that_agree_widen_the_interval(make):
    alone = make.classes(n=20)
    copied = alone.take(np.repeat(np.arange(20), 10))
    copied.rows = np.arange(200)
    as_rows = intervals(copied)["accuracy"]
    copied.groups = np.repeat(np.arange(20), 10)
    as_groups = intervals(copied)["accuracy"]
    assert np.ptp(as_groups) > 2 * np.ptp(as_rows)


def test_rows_that_are_all_right_promise_no_more_than_their_number(make):
    one = make.classes(n=60)
    one = one.take(np.flatnonzero(one.scored))
    one.outputs = np.eye(one.outputs.shape[1])[one.targets]
    found = intervals(one)
    assert found["accuracy"] == found["f1_macro"]
    low, high = found["accuracy"]
    assert high == 1
    assert low == pytest.approx(1 - 3 / len(one), abs=0.003)
    one.groups = np.arange(len(one)) % 4  # of four people a fifth may well be another
    assert intervals(one)["accuracy"][0] == pytest.approx(0.05 ** (1 / 4))
    one.targets = (one.targets + 1) % one.outputs.shape[1]
    assert intervals(one)["accuracy"] == [0, pytest.approx(1 - 0.05 ** (1 / 4))]


def test_equal_seeds_give_equal_intervals(make):
    assert intervals(make.classes(), seed=4) == intervals(make.classes(), seed=4)


def test_one_row_or_group_has_no_interval(make):
    assert intervals(make.classes().take(np.arange(1))) == {}
    assert intervals(make.classes(n=6, group_size=6, task="sequence_labelling")) == {}


def test_higher_level_is_wider(make):
    narrow = intervals(make.regression(), level=0.5)["mae"]
    wide = intervals(make.regression(), level=0.99)["mae"]
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_wrong_arguments_and_missing_targets_are_named(make):
    with pytest.raises(RecipeError, match="num_samples of at least 2 and a level between 0 and 1"):
        intervals(make.classes(), level=95)
    one = make.classes()
    one.scored[:] = False
    with pytest.raises(DataError, match="needs rows with a target"):
        intervals(one)
