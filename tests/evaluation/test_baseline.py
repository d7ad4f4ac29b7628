import numpy as np
import pytest

from polymodal.evaluation.baseline import blind_baseline, on_same_rows
from polymodal.evaluation.metrics import score
from polymodal.evaluation.report import ReportContent, fusion_verdict, write_report
from polymodal.evaluation.report.model_card import model_card


def test_majority_class_of_train_is_the_answer(make):
    one = make.classes()
    found = blind_baseline(one, np.array([2, 2, 2, 1, 0]))
    assert (found.outputs.argmax(axis=1) == 2).all()
    assert score(found)["accuracy"] == np.mean(one.targets == 2)
    assert score(found)["auroc"] == 0.5


def test_mean_of_train_is_the_answer_of_regression(make):
    found = blind_baseline(make.regression(), np.array([1.0, 3.0]))
    assert (found.outputs == 2.0).all()
    assert "pearson" not in score(found)


def test_frequent_labels_are_the_answer_of_multilabel(make):
    train = np.array([[1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 1]], bool)
    found = blind_baseline(make.multilabel(), train)
    assert (found.outputs >= 0.5).sum(axis=1).tolist() == [1] * 200


@pytest.fixture(scope="module")
def same(make):
    """A model of two inputs, one of its image alone as it predicts, and the same on all rows."""
    whole = make.classes(sharpness=4.0)
    own = make.classes(seed=1, sharpness=2.0).take(whole.present[:, 0])
    own.modalities, own.present = ["image"], own.present[:, :1]
    return whole, own, on_same_rows(own, whole, blind_baseline(whole, np.array([2, 2, 1])))


def test_rows_without_the_only_input_get_the_baselines_answer(same):
    whole, own, alone = same
    there = whole.present[:, 0]
    assert np.array_equal(alone.rows, whole.rows)
    assert np.array_equal(alone.outputs[there], own.outputs)
    assert (alone.outputs[~there].argmax(axis=1) == 2).all()
    assert np.array_equal(alone.present[:, 0], there)


def test_rows_that_the_whole_model_does_not_answer_are_left_out(same):
    whole, own, _ = same
    fewer = whole.take(np.arange(0, 300, 2))
    alone = on_same_rows(own, fewer, blind_baseline(fewer, np.array([2])))
    assert np.array_equal(alone.rows, fewer.rows)


def test_steps_are_matched_by_row_and_step(make):
    whole = make.seq2seq()
    own = whole.take(np.flatnonzero(whole.rows % 2 == 0)[::-1])
    alone = on_same_rows(own, whole, blind_baseline(whole, np.array([4])))
    even = whole.rows % 2 == 0
    assert np.array_equal(alone.outputs[even], whole.outputs[even])
    assert (alone.outputs[~even].argmax(axis=1) == 4).all()


def test_headline_verdict_card_and_page_give_one_number(same, tmp_path):
    whole, _, alone = same
    content = ReportContent(
        "run",
        {"test": whole},
        "label",
        singles={"image": alone},
        blind=blind_baseline(whole, np.array([2])),
    )
    found = fusion_verdict(content.evaluation, split="test")
    assert found.comparison.first == score(whole)["accuracy"]
    assert found.comparison.second == score(alone)["accuracy"]
    assert found.comparison.num_rows == 300
    value = f"{100 * score(whole)['accuracy']:.1f}"
    without = int((~whole.present[:, 0]).sum())
    assert (
        f"the best single input, on the 300 rows of test ({without} rows have no image and "
        "get the baseline's answer)"
    ) in found.sentence
    page = write_report(tmp_path, content).read_text().replace("\u202f", " ")
    assert f"<dt>accuracy on test</dt><dd>{value} %</dd>" in page  # the headline
    assert f"Accuracy is {value} % with image and audio together" in page  # the verdict
    assert f">{value} %</text>" in page  # the plot
    card = model_card(content).replace("\u202f", " ")
    assert f"| accuracy | {value} %" in card
    assert f"Accuracy is {value} % with image and audio together" in card
