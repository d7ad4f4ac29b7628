"""What is kept is decided on the rows that decide, and said in a sentence."""

import numpy as np

from polymodal.core.contracts.named_task import task_of
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.comparing.keeping import choose_kept

LINEAR = "logistic regression on columns"


def said(right, seed=0, count=100, inputs=("a", "b"), scored=True):
    """Returns predictions of two classes that are right for a share of the rows."""
    targets = np.arange(count) % 2
    wrong = np.random.default_rng(seed).permutation(count) >= round(right * count)
    outputs = np.eye(2)[np.where(wrong, 1 - targets, targets)]
    return Predictions(
        task_of({"name": "classification"}),
        ["x", "y"],
        np.arange(count),
        outputs,
        targets,
        np.full(count, scored),
        list(inputs),
        np.ones((count, len(inputs)), bool),
    )


def kept(network, singles=None, linear=None, shown="test"):
    return choose_kept(network, singles or {}, linear and (LINEAR, linear), "val", shown)


def test_a_linear_model_is_kept_unless_it_is_worse_by_more_than_one_standard_error():
    near, far = kept(said(0.9), linear=said(0.88, 1)), kept(said(0.9), linear=said(0.75, 1))
    assert (near.linear, far.linear) == (True, False)
    assert near.sentence.startswith(
        f"The linear model ({LINEAR}), which needs no engine, is kept. "
        "100 rows of val decided: accuracy is 88.0"
    )
    assert near.sentence.endswith("The rows of test score it and decided nothing.")
    assert far.sentence.startswith("The model of all inputs together is kept. 100 rows of val ")
    assert "worse by more than one standard error" in far.sentence
    assert far.to_json() == {"sentence": far.sentence, "split": "val", "rows": 100}


def test_a_single_input_has_to_be_better_by_more_than_chance():
    singles = {"a": said(0.95, 1, inputs=["a"]), "b": said(0.6, 2, inputs=["b"])}
    assert kept(said(0.6, 3), singles).single == "a"
    assert "a alone is kept" in kept(said(0.6, 3), singles).sentence
    near = kept(said(0.94, 3), singles)
    assert near.single == ""
    assert "not better by more than chance" in near.sentence


def test_the_linear_model_is_compared_with_the_single_input_that_would_be_kept():
    singles = {"a": said(0.95, 1, inputs=["a"])}
    found = kept(said(0.6, 3), singles, said(0.7, 4))
    assert (found.single, found.linear) == ("a", False)
    found = kept(said(0.6, 3), singles, said(0.96, 4))
    assert (found.single, found.linear) == ("", True)


def test_rows_that_decide_and_are_shown_are_said_to_be_optimistic():
    assert "optimistic" in kept(said(0.9), linear=said(0.9, 1), shown="val").sentence


def test_nothing_is_decided_without_validation_rows():
    for network in (None, said(0.5, scored=False)):
        found = kept(network, linear=said(0.9))
        assert not found.linear
        assert "there are none" in found.sentence
