"""Texts about rows: how they are chosen is checked, and results come best first on one scale."""

from __future__ import annotations

import numpy as np
import pytest

import polymodal as pm
from polymodal.core.errors import RecipeError
from polymodal.inference.predictor import Predictor
from polymodal.inference.writing import generate
from polymodal.recipe import assemble
from polymodal.recipe.recipe import from_dict

pytestmark = pytest.mark.engine
ROWS = pm.read({"numbers": [[1.0, 2.0], [3.0, -1.0]]})


@pytest.fixture(scope="module")
def predictor():
    """A captioner of two numbers that never learned."""
    recipe = from_dict(
        {
            "task": {"name": "caption"},
            "target": "said",
            "dim": 16,
            "inputs": {"numbers": {"modality": "vector", "encoder": "mlp"}},
        }
    )
    inputs, target = assemble.build_inputs(recipe), assemble.build_target(recipe)
    inputs[0].modality.fit([np.float32([1, 2]), np.float32([3, 0])])
    target.fit(["a red ball", "one blue box", "a blue ball"])
    return Predictor(recipe, inputs, target, *assemble.build_model(recipe, inputs, target))


def texts(predictor, **choice):
    return [[one["text"] for one in row["results"]] for row in generate(predictor, ROWS, **choice)]


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"beam": 4, "num": 3},
        {"top_p": 0.9, "num": 5},
        {"temperature": 1.0, "num": 4, "length_penalty": 0.5},
    ],
)
def test_the_score_is_what_the_tokens_have_by_their_number(predictor, choice):
    for row in generate(predictor, ROWS, **choice):
        assert len(row["results"]) == choice.get("num", 1)
        for one in row["results"]:
            each = [token["log_probability"] for token in one["tokens"]]
            expected = sum(each) / len(each) ** choice.get("length_penalty", 1)
            assert one["score"] == pytest.approx(expected, abs=1e-3)


def test_drawn_results_come_best_first_and_again_with_the_same_seed(predictor):
    found = generate(predictor, ROWS, temperature=1.0, num=6, seed=3)
    for row in found:
        scores = [one["score"] for one in row["results"]]
        assert scores == sorted(scores, reverse=True)
        assert len(set(scores)) > 1
    assert found == generate(predictor, ROWS, temperature=1.0, num=6, seed=3)
    assert found != generate(predictor, ROWS, temperature=1.0, num=6, seed=4)


def test_words_that_are_allowed_are_the_only_ones(predictor):
    said = texts(predictor, allowed=["a", "Red"], temperature=1.0, num=8)
    words = {word for row in said for text in row for word in text.split()}
    assert words == {"a", "red"}
    ids = [predictor.target.labels.index(word) for word in ("a", "red")]
    assert said == texts(predictor, allowed=ids, temperature=1.0, num=8)
    assert said == texts(predictor, allowed=np.array(ids), temperature=1.0, num=np.int64(8))


@pytest.mark.parametrize("jit", [None, True])
def test_there_are_no_more_results_than_texts(predictor, jit):
    """Nothing but the end; and one word up to the most steps, ended or cut there."""
    assert texts(predictor, allowed=[], beam=4, num=4, jit=jit) == [[""]] * 2
    most = predictor.head.max_length
    for row in texts(predictor, allowed=["red"], beam=12, num=12, jit=jit):
        assert sorted(row, key=len) == [" ".join(["red"] * n) for n in range(most + 1)]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"topk": 3}, r'No setting named "topk"\. Settings: beam, num, .* Did you mean "top_k"'),
        ({"num": "3"}, r"generate\.num needs a whole number\. Got '3'"),
        ({"beam": 2.5}, r"generate\.beam needs a whole number\. Got 2\.5"),
        ({"seed": "x"}, r"generate\.seed needs a whole number\. Got 'x'"),
        ({"allowed": ["red", "bal"]}, r'No word named "bal"\. Words: .*Did you mean "ball"\?'),
        ({"allowed": ["zzz"]}, r'No word named "zzz"\. Words: a, ball, blue'),
        ({"allowed": [1, 99]}, r"ids from 0 to 7\. Got 99"),
        ({"allowed": [-1]}, r"ids from 0 to 7\. Got -1"),
        ({"allowed": [True]}, r"ids from 0 to 7\. Got True"),
        ({"allowed": "red"}, r"allowed needs a list of words or of ids\. Got 'red'"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_with_the_fix(predictor, choice, message):
    for use in (
        lambda: generate(predictor, ROWS, **choice),
        lambda: predictor.predict(ROWS, **choice),
    ):
        with pytest.raises(RecipeError, match=message):
            use()
