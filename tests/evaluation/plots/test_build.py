import numpy as np

from polymodal.evaluation.plots.build import (
    confusion,
    learning_curves,
    performance,
    position,
    regression_charts,
    reliability_chart,
    unit_word,
    worst_confusions,
)


def test_curves_pair_train_with_validation_and_leave_out_the_clock():
    history = [
        {
            "epoch": 1,
            "accuracy": 0.5,
            "val_accuracy": 0.4,
            "loss": 2.0,
            "seconds": 3.0,
            "learning_rate": 0.1,
            "note": "text",
        },
        {"epoch": 2, "accuracy": 0.6, "loss": None},
    ]
    loss, accuracy = learning_curves(history, best_epoch=2)
    assert (loss.key, accuracy.key) == ("curve_loss", "curve_accuracy")
    assert [line.name for line in accuracy.series] == ["train", "validation"]
    assert np.isnan(accuracy.series[1].y[1])
    assert np.isnan(loss.series[0].y[1])
    assert loss.mark == 2
    assert learning_curves([]) == []


def test_score_without_a_pair_is_of_validation():
    history = [{"epoch": 1, "loss": 2.0, "val_loss": 1.5, "f1_macro": 0.5, "f1_weighted": 0.5}]
    loss, f1 = learning_curves(history)
    assert [line.name for line in loss.series] == ["train", "validation"]
    assert [(line.name, line.dashed) for line in f1.series] == [("validation", False)]


def test_training_without_validation_shows_train_alone():
    (loss,) = learning_curves([{"loss": 2.0}, {"loss": 1.0}])
    assert [line.name for line in loss.series] == ["train"]


def test_confusion_counts_every_row_and_only_classes_that_occur(make):
    one = make.classes(num_classes=3)
    one.outputs = np.pad(one.outputs, ((0, 0), (0, 2)))
    one.labels = [*one.labels, "unseen", "never"]
    matrix = confusion(one)
    assert matrix.labels == ["class 0", "class 1", "class 2"]
    assert matrix.counts.sum() == 300
    np.testing.assert_array_equal(matrix.counts.sum(axis=1), np.bincount(one.targets))
    np.testing.assert_allclose(matrix.shares().sum(axis=1), 1)
    assert confusion(make.regression()) is None
    assert confusion(make.multilabel()) is None


def test_worst_confusions_come_most_frequent_first_and_hold_no_right_answers(make):
    found = worst_confusions(confusion(make.classes()), 5)
    assert [one["count"] for one in found] == sorted((one["count"] for one in found), reverse=True)
    assert all(one["truth"] != one["predicted"] and one["count"] > 0 for one in found)


def test_reliability_has_no_columns_for_numbers(make):
    assert reliability_chart(make.regression()) is None
    assert sum(reliability_chart(make.classes()).counts) == 300


def test_residuals_are_predicted_minus_true(make):
    one = make.regression()
    one.outputs = one.targets + 5.0
    one.outputs[0] += 1
    points, residuals = regression_charts(one, "price")
    assert len(points.x) == 200
    assert min(edge[0] for edge in residuals.edges) == 5.0
    assert sum(residuals.counts) == 200


def test_many_points_are_thinned(make):
    assert len(regression_charts(make.regression(n=5000), "price")[0].x) == 2000


def test_position_is_shown_from_one_for_sequences_only(make):
    assert position(make.seq2seq(length=4)).series[0].x == [1, 2, 3, 4]
    assert position(make.classes()) is None


def test_bars_skip_a_model_that_lacks_the_metric_and_count_in_the_right_unit(make):
    parts = {
        "a": {"n": 1, "metrics": {"auroc": 0.9}, "intervals": {}},
        "b": {"n": 2000, "metrics": {}, "intervals": {}},
    }
    bars = performance("k", "t", "", "auroc", parts, unit_word(make.seq2seq())).bars
    assert [(bar.name, bar.note, bar.low) for bar in bars] == [("a", "1 step", None)]
    assert unit_word(make.classes()) == "row"
