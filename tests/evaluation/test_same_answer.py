import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.evaluation import evaluate, evaluate_run
from polymodal.evaluation.report.verdict import fusion_verdict


def objects(values):
    found = np.empty(len(values), object)
    found[:] = values
    return found


def written(texts, right):
    count = len(texts)
    return Predictions(
        task_named("caption"),
        [],
        np.arange(count),
        objects(texts),
        objects(right),
        np.ones(count, bool),
        ["photo"],
        np.ones((count, 1), bool),
        num_rows=count,
    )


def same_answer(one):
    return evaluate(one).same_answer


RIGHT = [[f"a dog number {i}"] for i in range(8)]


def test_a_model_that_writes_one_text_is_called_what_it_is():
    one = written(["a dog"] * 8, RIGHT)
    said = 'The model generates the same text for all 8 rows: "a dog".'
    assert same_answer(one) == said
    assert evaluate(one).to_json()["same_answer"] == said
    verdict = fusion_verdict(evaluate_run({"val": one}))
    assert verdict.heading == "The model gives one answer for all rows"
    assert verdict.sentence.startswith(said)


@pytest.mark.parametrize(
    ("texts", "right"),
    [
        (["a dog"] * 7 + ["a cat"], RIGHT),  # two texts
        (["a dog"] * 8, [["a dog"]] * 8),  # one text is wanted
        (["a dog"] * 4, RIGHT[:4]),
    ],
)  # too few rows to tell
def test_other_models_are_not(texts, right):
    one = written(texts, right)
    assert same_answer(one) == ""
    assert "same_answer" not in evaluate(one).to_json()


def test_a_model_that_writes_nothing_is_told():
    assert same_answer(written([""] * 8, RIGHT)) == "The model generates no text for all 8 rows."


def test_classes_labels_and_numbers_too(make):
    one = make.classes()
    assert same_answer(one) == ""
    one.outputs = np.tile(np.float32([0.1, 0.7, 0.1, 0.1]), (len(one), 1))
    assert same_answer(one) == 'The model predicts "class 1" for all 300 rows.'
    many = make.multilabel()
    assert same_answer(many) == ""
    many.outputs = np.zeros_like(many.outputs)
    assert same_answer(many) == "The model predicts no label for all 200 rows."
    numbers = make.regression()
    assert same_answer(numbers) == ""
    numbers.outputs = np.full_like(numbers.outputs, 3.5)
    assert same_answer(numbers).startswith("The model predicts 3.5 for all ")
