"""The baseline without inputs, as a run makes it: from its own tables, in the target's own unit."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from polymodal.evaluation.baseline import blind_baseline
from polymodal.evaluation.metrics import score
from polymodal.inference.predictor import Predictor
from polymodal.recipe import assemble
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.group import group_rows
from polymodal.tables.table import read
from polymodal.training.preparing.prepare import prepare

X = [i % 7 for i in range(60)]


class Undecided:
    """Answers every row, or step, with the same logits."""

    def __init__(self, num_outputs, per_step):
        self.encoders = {}
        self.num_outputs, self.per_step = num_outputs, per_step

    def predict_on_batch(self, inputs):
        rows, *rest = next(array.shape for array in inputs.values())
        steps = rest[:1] if self.per_step else []
        return np.zeros((rows, *steps, self.num_outputs), np.float32)


def baseline(columns, **given):
    """Returns the scores of the baseline, on the table that it was learned from and is asked
    about."""
    table = read(columns)
    given = {"target": "y", **given}
    rows = group_rows(table, given["group"], given["order"]) if "group" in given else table
    recipe = from_dict(infer(rows, given).values)
    prepared = prepare(recipe, {"train": table, "val": table})
    task = assemble.build_head(recipe, prepared.target)
    model = Undecided(prepared.target.num_outputs, task.per_step)
    said = Predictor(recipe, prepared.inputs, prepared.target, model, task).predict(
        table, scored=True
    )
    return score(blind_baseline(said, prepared.train_targets()))


def test_the_mean_of_train_is_scored_in_the_targets_own_unit():
    prices = np.random.default_rng(0).normal(150, 70, 60).round(1)
    found = baseline({"x": X, "y": prices.tolist()}, task="regression")
    assert found["mae"] == pytest.approx(np.abs(prices - prices.mean()).mean(), rel=1e-5)
    assert found["rmse"] == pytest.approx(prices.std(), rel=1e-5)
    assert found["r2"] == pytest.approx(0, abs=1e-6)


def test_the_largest_class_of_train_is_the_answer():
    labels = ["b"] * 30 + ["a"] * 20 + ["c"] * 10
    assert baseline({"x": X, "y": labels}, task="classification")["accuracy"] == 0.5


def test_labels_of_most_rows_of_train_are_the_answer():
    sets = (["a|b"] * 3 + ["a"] * 2 + ["b|c"]) * 10
    found = baseline({"x": X, "y": sets}, task="multilabel")
    assert found["accuracy"] == 0.5  # a stands in 50 of 60 rows, b in 40, c in 10


def test_the_commonest_label_of_a_step_is_the_answer():
    steps = [("a", "a", "b"), ("a", None, "c")] * 10
    flat = [label for row in steps for label in row]
    columns = {
        "x": X,
        "y": flat,
        "video": [f"v{i // 3}" for i in range(60)],
        "at": [i % 3 for i in range(60)],
    }
    found = baseline(columns, task="sequence_labelling", group="video", order="at")
    count = Counter(label for label in flat if label)
    assert found["accuracy"] == count["a"] / count.total()
