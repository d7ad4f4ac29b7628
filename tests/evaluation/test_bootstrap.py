import numpy as np
import pytest

from polymodal.evaluation.bootstrap import resampled, weighted
from polymodal.evaluation.draws import counts, units
from polymodal.evaluation.metrics import score


def repeated(one, times):
    """The same resample as a longer table: row i is present times[i] times, as a row of its own."""
    where = np.repeat(np.arange(len(one)), times)
    long = one.take(where)
    copy = np.concatenate([np.arange(k) for k in times])
    long.rows = long.rows + 10_000 * copy
    return long


@pytest.mark.parametrize("kind", ["classes", "multilabel", "regression", "seq2seq"])
def test_weighted_metrics_equal_the_library_on_repeated_rows(make, kind):
    one = getattr(make, kind)()
    if kind == "classes":
        one.outputs = np.round(one.outputs, 1) + 0.01  # ties
    drawn = next(counts(units(one), 5, seed=3))
    found = weighted(one, drawn)
    for sample in range(5):
        expected = score(repeated(one, drawn[:, sample].astype(int)))
        expected.pop("calibration_error", None)
        assert set(expected) == set(found)
        for name, value in expected.items():
            assert found[name][sample] == pytest.approx(value, abs=1e-6), name


def test_absent_class_is_left_out_of_a_resample_as_in_the_library(make):
    one = make.classes(n=40)
    drawn = np.ones((40, 1)) * (one.targets != 1)[:, None]
    expected = score(one.take(one.targets != 1))
    found = weighted(one, drawn)
    for name in ("f1_macro", "f1_weighted", "auroc", "accuracy"):
        assert found[name][0] == pytest.approx(expected[name], abs=1e-6)


def test_whole_groups_are_drawn_together(make):
    one = make.classes(n=60, group_size=6, task="sequence_labelling")
    drawn = next(counts(units(one), 20, seed=0))
    assert (np.ptp(drawn.reshape(10, 6, 20), axis=1) == 0).all()
    assert (drawn.sum(axis=0) == 60).all()


def test_draws_follow_from_the_seed_and_not_from_the_block_size(make, monkeypatch):
    one = make.classes(n=50)
    whole = resampled(one, 40, seed=1)
    monkeypatch.setattr("polymodal.evaluation.draws._CHUNK", 50 * 7)
    parts = resampled(one, 40, seed=1)
    np.testing.assert_allclose(whole["f1_macro"], parts["f1_macro"])
    assert not np.array_equal(whole["accuracy"], resampled(one, 40, seed=2)["accuracy"])
