"""Retrieval: which rows share a side, and how often the own one is found among all."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import RecipeError

TASK = task_named("retrieval")


def target(query=("caption",), answer=("image",)):
    found = TASK.target(list(query), list(answer))
    found.reads({"caption": ["caption"], "image": ["image"]})
    return found


def found(vectors, ids):
    vectors = np.asarray(vectors, np.float32)
    count = len(vectors)
    return Predictions(
        TASK,
        [],
        np.arange(count),
        vectors,
        np.asarray(ids, np.int32),
        np.ones(count, bool),
        ["caption", "image"],
        np.ones((count, 2), bool),
        num_rows=count,
    )


def scores(predictions):
    ones = np.ones((len(predictions), 1))
    return {name: float(value[0]) for name, value in TASK.scores(predictions)(ones).items()}


def test_rows_with_an_equal_text_or_item_have_equal_numbers():
    one = target().encode({"caption": "a  red ball", "image": "a.png"})
    other = target().encode({"caption": "a red ball", "image": "b.png"})
    assert (one == other).tolist() == [True, False]
    assert one.dtype == np.int32
    assert min(one) > 0


def test_a_row_without_one_side_has_no_target():
    assert target().is_empty({"caption": None, "image": "a.png"})
    assert not target().is_empty({"caption": "a", "image": "a.png"})


@pytest.mark.parametrize(("query", "answer"), [([], ["image"]), (["image"], ["image"])])
def test_each_side_needs_inputs_of_its_own(query, answer):
    with pytest.raises(RecipeError, match="task needs query and answer, each with inputs"):
        TASK.target(query, answer)


def test_the_own_answer_is_found_where_its_vector_is_nearest():
    axes = np.eye(20)
    right = np.stack([axes, axes], axis=1)
    ids = np.stack([np.arange(1, 21), np.arange(101, 121)], axis=1)
    assert set(scores(found(right, ids)).values()) == {1.0}
    wrong = np.stack([axes, np.roll(axes, 1, axis=0)], axis=1)
    assert scores(found(wrong, ids))["recall@1"] == 0.0


def test_vectors_that_say_nothing_score_chance():
    ids = np.stack([np.arange(1, 51), np.arange(101, 151)], axis=1)
    blind = found(np.zeros((50, 2, 4)), ids)
    assert scores(blind)["recall@10"] == pytest.approx(10 / 50)
    assert scores(blind)["reverse_recall@1"] == pytest.approx(1 / 50)
    assert TASK.baseline(blind, None).shape == (50, 2, 4)


def test_an_answer_of_an_equal_query_is_right_and_equal_answers_count_once():
    axes = np.eye(3)
    vectors = np.stack([axes[[0, 0, 1]], axes[[1, 0, 2]]], axis=1)
    same_query = [[1, 11], [1, 12], [2, 13]]  # row 0 is nearest to what belongs to row 1's query
    assert TASK.scores(found(vectors, same_query))(np.eye(3))["recall@1"][0] == 1.0
    others = [[1, 11], [3, 12], [2, 13]]
    assert TASK.scores(found(vectors, others))(np.eye(3))["recall@1"][0] == 0.0


def test_a_part_of_the_rows_is_searched_among_all():
    axes = np.eye(20)
    vectors = np.stack([axes, axes], axis=1)
    ids = np.stack([np.arange(1, 21), np.arange(101, 121)], axis=1)
    part = TASK.scores(found(vectors, ids)).take(np.arange(5))
    assert part(np.ones((5, 1)))["recall@1"] == [1.0]


def test_the_answer_to_a_row_is_the_number_of_the_nearest():
    axes = np.eye(3)
    vectors = np.stack([axes, np.roll(axes, 1, axis=0)], axis=1)
    answer = TASK.answer(found(vectors, [[1, 11], [2, 12], [3, 13]]), [0], None)
    assert answer.prediction == 2
