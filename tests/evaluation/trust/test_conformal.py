"""Sets of answers hold the true one as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.core.errors import BundleError, RecipeError
from polymodal.evaluation.trust.conformal import Conformal, conformal_of
from polymodal.evaluation.trust.words import set_words, sets_json
from stated_answers import overconfident, predictions


def covered(task, outputs, targets, level, times=100):
    rng, shares = np.random.default_rng(0), []
    for _ in range(times):
        order = rng.permutation(len(targets))
        first, second = order[:200], order[200:]
        scores = conformal_of(predictions(outputs[first], targets[first], task))
        sets = scores.sets(predictions(outputs[second], targets[second], task), level)
        shares.append(sets.holds(targets[second]).mean())
    return np.mean(shares)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_classes_are_covered_as_stated(level):
    outputs, targets = overconfident(1000)
    share = covered("classification", outputs, targets, level)
    assert share == pytest.approx(level, abs=0.012)


def test_label_sets_and_numbers_are_covered_as_stated():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(1000, 3))
    labels = rng.random((1000, 3)) < 1 / (1 + np.exp(-logits))
    chances = 1 / (1 + np.exp(-3 * logits))
    assert covered("multilabel", chances, labels, 0.9) == pytest.approx(0.9, abs=0.012)
    numbers = rng.normal(size=1000)
    guess = numbers + rng.standard_t(3, size=1000)
    assert covered("regression", guess, numbers, 0.9) == pytest.approx(0.9, abs=0.012)


def test_equal_probabilities_are_covered_after_a_file():
    found = predictions([[0.3, 0.7]] * 40, [0] * 40)
    scores = Conformal.from_json(conformal_of(found, split="val").to_json())
    assert scores.split == "val"
    assert scores.sets(found, 0.9).holds(found.targets).all()


def test_values_of_a_column_have_bounds_of_their_own():
    outputs, targets = overconfident(400)
    easy = np.eye(4)[targets] * 0.9 + 0.025
    both = predictions(np.concatenate([outputs, easy]), np.concatenate([targets, targets]))
    cells = ["hard"] * 400 + ["easy"] * 400
    scores = conformal_of(both, {"kind": cells})
    whole, own = scores.sets(both, 0.9), scores.sets(both, 0.9, "kind", cells)
    values = sets_json(own, both, cells)
    assert values["by"]["hard"]["coverage"] == pytest.approx(0.9, abs=0.01)
    assert whole.holds(both.targets)[:400].mean() < 0.85
    other = scores.sets(both, 0.9, "kind", ["new"] * 800)
    assert other.unknown == ("new",)
    np.testing.assert_array_equal(other.members, whole.members)
    with pytest.raises(RecipeError, match='column named "kinds"'):
        scores.sets(both, 0.9, "kinds", cells)


def test_too_few_rows_give_sets_of_everything():
    outputs, targets = overconfident(5)
    found = predictions(outputs, targets)
    assert conformal_of(found).sets(found, 0.9).sizes().tolist() == [4.0] * 5
    numbers = predictions([1.0, 2.0], [1.0, 2.0], "regression")
    sets = conformal_of(numbers).sets(numbers, 0.9)
    assert sets.of(0, numbers) == [None, None]
    value = sets_json(sets, numbers)
    assert value["mean_size"] is None
    assert "too few rows" in set_words(value, "val", False, "val")


def test_a_set_lists_the_most_probable_first():
    found = predictions([[0.5, 0.1, 0.4]], [0])
    sets = Conformal(np.array([0.1, 0.65])).sets(found, 0.6)
    assert sets.of(0, found) == ["a", "c"]


@pytest.mark.parametrize("level", [0, 1, 1.5, -1])
def test_a_level_is_between_0_and_1(level):
    with pytest.raises(RecipeError, match="--sets needs 0 < level < 1"):
        Conformal(np.array([0.1])).sets(predictions([[0.5, 0.5]], [0]), level)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scores": [0.5, 0.1]}, 'needs "scores" to be at most'),
        ({"scores": [-1.0]}, 'needs "scores" to be finite numbers'),
        ({"scores": [float("nan")]}, 'needs "scores" to be finite numbers'),
        ({"scores": "x"}, 'needs "scores" to be a list'),
        ({"columns": [{"column": "a", "values": ["b"], "scores": []}]}, "1 lists of numbers"),
        ({"columns": [{"column": "a", "values": ["b"], "scores": [[1.0, 0.0]]}]}, "ascending"),
    ],
)
def test_what_are_no_scores_is_refused(change, said):
    state = Conformal(np.array([0.1, 0.2]), {}, "val").to_json()
    with pytest.raises(BundleError) as found:
        Conformal.from_json(state | change)
    assert said in str(found.value)
