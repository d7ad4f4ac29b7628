import numpy as np
import pytest
from sklearn import metrics as library

from polymodal.evaluation.metrics import score
from polymodal.evaluation.resampling.draws import counts, units
from polymodal.evaluation.resampling.intervals import resampled


def repeated(one, times):
    """The same resample as a longer table: row i is present times[i] times, as a row of its own."""
    where = np.repeat(np.arange(len(one)), times)
    long = one.take(where)
    copy = np.concatenate([np.arange(k) for k in times])
    long.rows = long.rows + 10_000 * copy
    return long


def of_library(one):
    """The scores as scikit-learn computes them."""
    if one.task.has_numbers:
        return {
            "mae": library.mean_absolute_error(one.targets, one.outputs),
            "rmse": library.root_mean_squared_error(one.targets, one.outputs),
            "r2": library.r2_score(one.targets, one.outputs),
            "pearson": np.corrcoef(one.targets, one.outputs)[0, 1],
        }
    many = one.targets.ndim == 2
    guess = one.outputs >= 0.5 if many else one.outputs.argmax(axis=1)
    if one.task.name == "seq2seq":
        whole = [(one.targets == guess)[one.rows == row].all() for row in np.unique(one.rows)]
        return {
            "accuracy": library.accuracy_score(one.targets, guess),
            "exact_match": np.mean(whole),
        }
    every = np.arange(one.outputs.shape[1])
    found = {
        f"f1_{average}": library.f1_score(
            one.targets, guess, labels=every, average=average, zero_division=np.nan
        )
        for average in ("macro", "weighted", "micro")[: 2 + many]
    }
    member = one.targets if many else one.targets[:, None] == every
    chance = one.outputs.astype(float)
    if not many:
        chance /= chance.sum(axis=1, keepdims=True)
        found["log_loss"] = library.log_loss(one.targets, chance, labels=every)
        found["balanced_accuracy"] = library.balanced_accuracy_score(one.targets, guess)
    split = [i for i in every if 0 < member[:, i].sum() < len(member)]
    found["auroc"] = np.mean([library.roc_auc_score(member[:, i], chance[:, i]) for i in split])
    return found | {"accuracy": library.accuracy_score(one.targets, guess)}


@pytest.mark.parametrize("kind", ["classes", "multilabel", "regression", "seq2seq"])
def test_weighted_scores_equal_the_library_on_repeated_rows(make, kind):
    one = getattr(make, kind)()
    if kind == "classes":
        one.outputs = np.round(one.outputs, 1) + 0.01  # ties
    drawn = next(counts(units(one), 5, seed=3))
    found = one.task.scores(one)(drawn)
    for sample in range(5):
        expected = of_library(repeated(one, drawn[:, sample].astype(int)))
        assert set(expected) == set(found)
        for name, value in expected.items():
            assert found[name][sample] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize("kind", ["classes", "multilabel", "regression", "seq2seq"])
def test_weights_of_one_give_the_scores_of_the_library(make, kind):
    one = getattr(make, kind)()
    found = score(one)
    found.pop("calibration_error", None)
    assert found == pytest.approx(of_library(one), rel=1e-12)


@pytest.mark.parametrize(
    "kind", ["classes", "multilabel", "regression", "seq2seq", "written_down", "captions"]
)
def test_part_of_the_scores_is_the_score_of_the_part(make, kind):
    one = getattr(make, kind)()
    where = one.rows < 20
    found = one.task.scores(one).take(where)(np.ones((where.sum(), 1)))
    part = score(one.take(where))
    for name, value in found.items():
        assert value[0] == part[name]


def test_absent_class_is_left_out_of_a_resample_as_in_the_library(make):
    one = make.classes(n=40)
    drawn = np.ones((40, 1)) * (one.targets != 1)[:, None]
    expected = score(one.take(one.targets != 1))
    found = one.task.scores(one)(drawn)
    for name in ("f1_macro", "f1_weighted", "auroc", "accuracy"):
        assert found[name][0] == pytest.approx(expected[name], abs=1e-6)


def test_whole_groups_are_drawn_together(make):
    one = make.classes(n=60, group_size=6, task="sequence_labelling")
    drawn = next(counts(units(one), 20, seed=0))
    assert (np.ptp(drawn.reshape(10, 6, 20), axis=1) == 0).all()
    assert (drawn.sum(axis=0) == 60).all()


def test_draws_follow_from_the_seed_and_not_from_the_block_size(make, monkeypatch):
    one = make.classes(n=50)
    scores = one.task.scores(one)
    whole = resampled(one, scores, 40, seed=1)
    monkeypatch.setattr("polymodal.evaluation.resampling.draws._CHUNK", 50 * 7)
    parts = resampled(one, scores, 40, seed=1)
    np.testing.assert_allclose(whole["f1_macro"], parts["f1_macro"])
    other = resampled(one, scores, 40, seed=2)
    assert not np.array_equal(whole["accuracy"], other["accuracy"])
