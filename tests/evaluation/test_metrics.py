import numpy as np
import pytest
from sklearn import metrics as library

from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import DataError
from polymodal.evaluation.metrics import score
from polymodal.evaluation.scores.per_class import accuracy_by_position, per_class


def test_classification_scores_are_those_of_scikit_learn(make):
    one = make.classes()
    found, guess = score(one), one.outputs.argmax(axis=1)
    assert set(found) == {
        "accuracy",
        "f1_macro",
        "f1_weighted",
        "balanced_accuracy",
        "auroc",
        "log_loss",
        "calibration_error",
    }
    assert found["accuracy"] == library.accuracy_score(one.targets, guess)
    assert found["f1_macro"] == pytest.approx(library.f1_score(one.targets, guess, average="macro"))
    assert found["auroc"] == pytest.approx(
        library.roc_auc_score(
            one.targets,
            one.outputs.astype(float) / one.outputs.sum(1, keepdims=True, dtype=float),
            multi_class="ovr",
        ),
        abs=1e-6,
    )


def test_only_scored_rows_count(make):
    one = make.classes()
    one.scored[100:] = False
    one.targets[100:] = -1
    assert score(one) == score(one.take(np.arange(100)))


def test_class_that_never_occurs_leaves_auroc_and_f1_to_the_others(make):
    one = make.classes(num_classes=3, sharpness=9.0)
    one.outputs = np.pad(one.outputs, ((0, 0), (0, 1)))
    one.labels = [*one.labels, "never"]
    assert score(one)["f1_macro"] > 0.99
    assert score(one)["auroc"] > 0.99


def test_undefined_auroc_is_left_out(make):
    one = make.classes()
    assert "auroc" not in score(one.take(one.targets == 2))


def test_multilabel_counts_whole_sets_as_accuracy(make):
    one = make.multilabel()
    found = score(one)
    assert found["accuracy"] == np.mean(((one.outputs >= 0.5) == one.targets).all(axis=1))
    assert found["f1_micro"] == pytest.approx(
        library.f1_score(one.targets, one.outputs >= 0.5, average="micro")
    )
    assert {"f1_macro", "f1_weighted", "auroc"} < set(found)


def test_regression_scores_in_the_unit_of_the_target(make):
    one = make.regression()
    found = score(one)
    assert set(found) == {"mae", "rmse", "r2", "pearson"}
    assert found["mae"] == pytest.approx(np.abs(one.targets - one.outputs).mean())
    assert found["r2"] == pytest.approx(library.r2_score(one.targets, one.outputs))


def test_constant_targets_have_no_correlation(make):
    one = make.regression()
    one.targets[:] = 3.0
    assert set(score(one)) == {"mae", "rmse"}


def test_sequence_to_sequence_counts_steps_and_whole_rows(make):
    one = make.seq2seq(num_sequences=4, length=5)
    one.outputs = np.eye(5)[one.targets]
    one.outputs[0] = np.roll(one.outputs[0], 1)
    assert score(one) == {"accuracy": 0.95, "exact_match": 0.75}


def test_position_accuracy_counts_each_step(make):
    one = make.seq2seq(num_sequences=4, length=5)
    one.outputs = np.eye(5)[one.targets]
    one.outputs[0] = np.roll(one.outputs[0], 1)
    found = accuracy_by_position(one)
    assert found[0] == {"step": 0, "accuracy": 0.75, "n": 4}
    assert [place["accuracy"] for place in found[1:]] == [1.0] * 4
    assert accuracy_by_position(make.classes()) == []


def test_per_class_table_adds_up(make):
    one = make.classes()
    table = per_class(one)
    assert sum(row["support"] for row in table) == sum(row["predicted"] for row in table) == 300
    assert np.mean([row["f1"] for row in table]) == pytest.approx(score(one)["f1_macro"])
    assert per_class(make.regression()) == []
    assert [row["label"] for row in per_class(make.multilabel())] == list("abcde")


def test_rows_without_target_cannot_be_scored(make):
    one = make.classes()
    one.targets = None
    with pytest.raises(DataError, match="needs rows with a target"):
        score(one)


def test_outputs_that_are_not_numbers_name_the_row(make):
    one = make.classes()
    one.outputs[7, 0] = np.nan
    with pytest.raises(DataError, match="Got 1 row with NaN or infinity, the first is row 8"):
        score(one)


def test_headline_metric_follows_the_task():
    names = ("classification", "multilabel", "regression", "seq2seq")
    assert [task_named(name).headline for name in names] == [
        "accuracy",
        "f1_macro",
        "mae",
        "accuracy",
    ]
