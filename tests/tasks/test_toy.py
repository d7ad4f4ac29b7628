"""A task from outside the package: one file, and everything else works with it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from polymodal.core.plugins import use_plugins

FILE = '''
"""Whether a number is above zero, as one probability."""

import numpy as np

from polymodal.core.contracts.target import Answer, Head, Target
from polymodal.core.contracts.task import Task

__all__ = ["Sign"]


class SignTarget(Target):
    labels, num_outputs, has_time, dtype, shape = [], 1, False, np.float32, (1,)

    def fit(self, values):
        pass

    def read(self, value):
        return float(value)

    def is_empty(self, value):
        return False

    def encode(self, value):
        return np.array([float(value) > 0], np.float32)

    def decode(self, encoded):
        return encoded

    def state(self):
        return {}

    def restore(self, state):
        pass


class Hits:
    def __init__(self, right):
        self.right = right

    def __call__(self, weights, only=None):
        return {"hits": self.right @ weights / weights.sum(axis=0)}

    def fixed(self):
        return {}

    def take(self, where):
        return Hits(self.right[where])


class Sign(Task):
    """Says whether a number is above zero."""

    name = "sign"
    title = "sign of a number"
    headline = "hits"
    target = SignTarget

    @property
    def head(self):
        from polymodal.layers.heads import VectorHead
        from polymodal.layers.losses import BinaryCrossEntropy

        class SignHead(Head):
            monitor = ("hits", "max")

            def __init__(self, num_outputs: int = 1, sharpness: float = 1.0):
                self.num_outputs, self.sharpness = num_outputs, sharpness

            def head(self, pooling="attention"):
                return VectorHead(1, 0.0, pooling)

            def loss(self):
                return BinaryCrossEntropy()

            def activate(self, logits):
                return 1 / (1 + np.exp(-self.sharpness * np.asarray(logits)[:, 0]))

        return SignHead

    def to_predictions(self, values, targets, target):
        return values, None if targets is None else targets[:, 0]

    def train_targets(self, encoded, target):
        return encoded[:, 0]

    def scores(self, rest):
        return Hits(1 - self.row_errors(rest))

    def row_errors(self, rest):
        return ((rest.outputs > 0.5) != (rest.targets > 0.5)).astype(float)

    def baseline(self, predictions, train_targets):
        return np.full(len(predictions), np.mean(train_targets))

    def describes(self, target, labels):
        return f"says whether {target} is above zero, for each row"

    def answer(self, found, places, target):
        return Answer("plus" if found.outputs[places[0]] > 0.5 else "minus")

    def shown(self, found, place):
        return {"target": str(found.targets[place]), "predicted": str(found.outputs[place])}
'''


@pytest.fixture
def plugin(tmp_path):
    folder = tmp_path / "plugins" / "tasks"
    folder.mkdir(parents=True)
    (folder / "sign.py").write_text(FILE)
    use_plugins(folder.parent)
    yield
    use_plugins(None)


def test_a_task_in_one_file_trains_scores_predicts_reports_and_loads(plugin, tmp_path):
    from polymodal.inference.files import lines
    from polymodal.inference.predictor import load
    from polymodal.tables.table import read
    from polymodal.training.reporting.report import rewrite
    from polymodal.training.run import train

    rng = np.random.default_rng(0)
    table = read(
        {"a": rng.normal(size=60), "b": rng.normal(size=60), "y": rng.normal(size=60)},
        name="numbers",
    )
    given = {
        "target": "y",
        "task": {"name": "sign", "sharpness": 2.0},
        "training": {"epochs": 1},
        "dim": 8,
    }
    run = train({"train": table}, given, tmp_path / "run", baselines=False)
    assert set(run.metrics["val"]["metrics"]) == {"hits"}
    assert len(run.metrics["val"]["intervals"]["hits"]) == 2
    page = rewrite(run.folder).read_text(encoding="utf-8")
    assert "says whether y is above zero" in page
    assert json.loads((run.folder / "metrics.json").read_text())["splits"]["val"]["task"] == "sign"

    again = load(run.folder)
    assert again.head.sharpness == 2.0
    new = read({"a": [0.5, -0.5], "b": [1.0, 0.0]}, name="new")
    answers = [line["prediction"] for line in lines(again, new, again.predict(new))]
    assert set(answers) <= {"plus", "minus"}
    np.testing.assert_array_equal(again.predict(new).outputs, run.predictor.predict(new).outputs)
