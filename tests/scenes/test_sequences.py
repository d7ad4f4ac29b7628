import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.scenes import sequences


def test_answers_follow_the_rule():
    made = sequences.make(200, steps=5, size=8, seed=3, num_answers=4, random_start=True)
    shapes = (made["answers"] - made["words"] - made["previous"]) % 4
    assert (made["previous"][:, 0] == made["start"]).all()
    assert (made["previous"][:, 1:] == made["answers"][:, :-1]).all()
    assert set(np.unique(shapes)) == {0, 1, 2, 3}


def test_shapes_and_types_are_as_promised():
    made = sequences.make(3, steps=4, size=20)
    assert made["frames"].shape == (3, 4, 20, 20, 3)
    assert made["frames"].dtype == np.uint8
    assert made["vectors"].shape == (3, 4, 50)
    assert made["vectors"].dtype == np.float32
    assert made["words"].dtype == made["answers"].dtype == made["previous"].dtype == np.int32
    assert (made["start"] == 0).all()


def test_equal_seeds_give_equal_arrays_and_others_do_not():
    first, again, other = (sequences.make(4, 3, 16, seed) for seed in (0, 0, 1))
    assert all((first[name] == again[name]).all() for name in first)
    assert not (first["answers"] == other["answers"]).all()


def test_words_and_previous_alone_say_nothing():
    made = sequences.make(2000, steps=3, size=8, num_answers=4, random_start=True)
    table = np.zeros((4, 4, 4))
    np.add.at(table, (made["words"], made["previous"], made["answers"]), 1)
    best = table.max(axis=-1).sum() / table.sum()
    allowed = sequences.theory(3, 4, random_start=True)
    assert best == pytest.approx(allowed["without_frames"], abs=0.03)


def test_word_vectors_agree_between_seeds():
    one, two = (sequences.make(300, 4, 8, seed) for seed in (0, 1))
    mean = lambda m: np.stack([m["vectors"][m["words"] == w].mean(0) for w in range(4)])
    assert np.abs(mean(one) - mean(two)).max() < 0.25


def test_theory_counts_the_first_answer_when_the_start_is_known():
    allowed = sequences.theory(8, 4)
    assert allowed["without_feedback"] == pytest.approx((1 + 7 / 4) / 8)
    assert allowed["without_feedback_but_memory"] == 1.0
    assert sequences.theory(8, 4, random_start=True)["without_feedback_but_memory"] == 0.25


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_sequences": 0}, "at least one sequence"),
        ({"num_sequences": 1, "size": 4}, "size >= 8"),
        ({"num_sequences": 1, "num_answers": 7}, "num_answers from 2 to 6"),
    ],
)
def test_impossible_numbers_are_refused(arguments, message):
    with pytest.raises(RecipeError, match=message):
        sequences.make(**arguments)
