import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.row_errors import row_errors


def predictions(task, outputs, targets, rows=None, scored=None, **more):
    count = len(outputs)
    return Predictions(
        task_named(task),
        ["a", "b"],
        np.arange(count) if rows is None else np.array(rows),
        np.array(outputs),
        np.array(targets),
        np.ones(count, bool) if scored is None else np.array(scored),
        ["x"],
        np.ones((count, 1), bool),
        **more,
    )


@pytest.mark.parametrize(
    ("task", "outputs", "targets", "errors"),
    [
        ("classification", [[0.9, 0.1], [0.9, 0.1]], [0, 1], [0, 1]),
        ("regression", [1.0, 5.0], [3.0, 5.5], [2, 0.5]),
        ("multilabel", [[0.9, 0.9], [0.1, 0.1], [0.1, 0.1]], [[1, 0], [0, 0], [1, 0]], [0.5, 0, 1]),
    ],
)
def test_a_row_has_the_error_that_a_person_would_count(task, outputs, targets, errors):
    targets = np.array(targets, bool) if task == "multilabel" else targets
    found = row_errors(predictions(task, outputs, targets))
    assert found.errors.tolist() == errors
    assert found.groups.tolist() == found.rows.tolist() == list(range(len(errors)))


def test_rows_without_a_target_are_left_out():
    found = row_errors(predictions("regression", [1.0, 2.0], [0.0, 0.0], scored=[False, True]))
    assert (found.rows.tolist(), found.errors.tolist()) == ([1], [2.0])


def test_steps_of_a_sequence_add_up():
    found = row_errors(
        predictions(
            "sequence_labelling",
            [[0.9, 0.1]] * 4,
            [1, 0, 1, 1],
            rows=[0, 0, 0, 2],
            steps=np.array([0, 1, 2, 0]),
        )
    )
    assert (found.rows.tolist(), found.errors.tolist()) == ([0, 2], [2.0, 1.0])


def test_groups_are_those_of_the_predictions():
    found = row_errors(predictions("regression", [1.0, 2.0], [0.0, 0.0], groups=np.array([7, 7])))
    assert found.groups.tolist() == [7, 7]


def texts(task, said, right):
    targets = np.empty(len(right), object)
    targets[:] = right
    return Predictions(
        task_named(task),
        [],
        np.arange(len(said)),
        np.array(said, object),
        targets,
        np.ones(len(said), bool),
        ["x"],
        np.ones((len(said), 1), bool),
    )


def test_a_transcript_has_its_wrong_words():
    found = row_errors(texts("transcribe", ["one two", "three"], [["one too"], ["three"]]))
    assert found.errors.tolist() == [1, 0]


def test_a_caption_by_itself_has_no_error():
    assert row_errors(texts("caption", ["a cat"], [["a dog", "a cat"]])) is None
