import numpy as np

from polymodal.evaluation.baseline import blind_baseline
from polymodal.evaluation.metrics import score


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
