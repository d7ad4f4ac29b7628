import numpy as np
import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.evaluation.comparing.compare import compare


def test_clearly_better_model_is_named(make):
    found = compare(make.classes(sharpness=4.0), make.classes(seed=1, sharpness=1.0))
    assert found.better == "first"
    assert found.interval[0] < found.difference < found.interval[1]
    assert found.metric == "accuracy"


def test_lower_error_is_better(make):
    found = compare(make.regression(noise=0.1), make.regression(seed=1, noise=2.0))
    assert (found.metric, found.better) == ("mae", "first")
    assert found.interval[1] < 0


def test_equals_cannot_be_told_apart(make):
    found = compare(make.classes(), make.classes(seed=1), "f1_macro")
    assert found.better == "cannot tell"


def test_pairing_makes_the_interval_narrower_than_independent_draws(make):
    a = make.classes(n=1000)
    b = make.classes(n=1000)
    b.outputs[:20] = np.roll(b.outputs[:20], 1, axis=1)
    found = compare(a, b)
    assert np.ptp(found.interval) < 0.03  # alone, each one's interval is about 0.06 wide


def test_only_shared_rows_count_in_any_order(make):
    a, b = make.classes(), make.classes(seed=1)
    shuffled = b.take(np.random.default_rng(0).permutation(300)[:200])
    expected = compare(a.take(np.sort(shuffled.rows)), b.take(np.sort(shuffled.rows)))
    assert compare(a, shuffled).difference == pytest.approx(expected.difference)
    assert compare(a, shuffled).num_rows == 200


def test_single_row_cannot_tell(make):
    one = make.classes(sharpness=9).take(np.arange(1))
    other = make.classes(sharpness=-9).take(np.arange(1))
    assert compare(one, other).better == "cannot tell"
    assert compare(one, other).to_json()["interval"] is None  # JSON has no infinity


def test_different_tables_and_unknown_metrics_are_refused(make):
    with pytest.raises(DataError, match="0 of them shared"):
        compare(make.classes().take(np.arange(10)), make.classes().take(np.arange(10, 20)))
    other = make.classes()
    other.targets = (other.targets + 1) % 4
    with pytest.raises(DataError, match="same labels and targets"):
        compare(make.classes(), other)
    with pytest.raises(RecipeError, match=r'No metric named "acuracy".*Did you mean "accuracy"'):
        compare(make.classes(), make.classes(), "acuracy")
