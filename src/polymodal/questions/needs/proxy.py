"""The quick model of a learning curve: scikit-learn on simple features, seconds for all of it."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.errors import RecipeError
from polymodal.feed.findings import Checked
from polymodal.feed.samples import Samples
from polymodal.questions.needs.features import features
from polymodal.questions.needs.plan import Step

__all__ = ["Proxy"]

_TREES = 100


class Proxy:
    """Trains simple models on features of some rows, and predicts others.

    Args:
        task: Task, whose answers are classes, labels or a number for each row.
        samples: {"train": Samples, and perhaps "val"}, fitted.
        checked: {split: Checked} of them.

    Raises:
        RecipeError: a task that no simple model has.
    """

    def __init__(self, task: Task, samples: dict[str, Samples], checked: dict[str, Checked]):
        if not task.one_answer or task.compares_inputs:
            raise RecipeError(
                f"--proxy needs a task with one answer for each row. Got "
                f"{task.name}. Leave --proxy out."
            )
        self.task, self.target = task, samples["train"].known_target
        self.name = ""
        self._held = "val" if "val" in samples else "train"
        self._inputs: dict[str, dict[str, np.ndarray]] = {}
        self._targets: dict[str, np.ndarray] = {}
        self._places: dict[str, np.ndarray] = {}
        names = [source.name for source in samples["train"].sources]
        self._names = names
        for split, one in samples.items():
            rows = checked[split].rows
            self._inputs[split] = features(one, rows)
            encoded = [np.asarray(one.target(int(row))) for row in rows]
            self._targets[split] = np.stack(encoded).reshape(len(rows), -1)
            self._places[split] = np.full(len(one), -1)
            self._places[split][rows] = np.arange(len(rows))

    def held(self, step: Step) -> np.ndarray:
        """Returns the scored rows of a step that can be used."""
        return step.held[self._places[self._held][step.held] >= 0]

    def choose(self, step: Step) -> float:
        """Chooses the better of a linear model and trees on a step, which is usually the largest,
        and returns the seconds that one training with it takes."""
        found = {}
        for name in ("linear model", "extremely randomised trees"):
            self.name, start = name, time.monotonic()
            predictions = self.run(step)
            scores = self.task.scores(predictions)
            value = scores(np.ones((len(predictions), 1)), self.task.headline)
            found[name] = (float(value[self.task.headline][0]), time.monotonic() - start)
        sign = 1 if self.task.higher_is_better(self.task.headline) else -1
        self.name = max(found, key=lambda name: sign * found[name][0])
        return found[self.name][1]

    def run(self, step: Step, hide: str | None = None) -> Predictions:
        """Trains on the rows of a step, and predicts those it holds out.

        Args:
            step: Step.
            hide: str, an input that the scored rows are given without, or None.
        """
        from threadpoolctl import threadpool_limits

        held = self.held(step)
        train, test = self._places["train"][step.train], self._places[self._held][held]
        inputs = self._joined(self._held, test, hide)
        with warnings.catch_warnings(), threadpool_limits(1):  # more threads wait for each other
            warnings.simplefilter("ignore")
            values = self._predict(
                self._joined("train", train, None), self._targets["train"][train], inputs, step.seed
            )
        targets = self._targets[self._held][test]
        if not self._many:
            targets = targets[:, 0]
        outputs, known = self.task.to_predictions(values, targets, self.target)
        present = np.ones((len(held), len(self._names)), bool)
        return Predictions(
            self.task,
            list(self.target.labels),
            np.arange(len(held)),
            outputs,
            known,
            np.ones(len(held), bool),
            self._names,
            present,
            num_rows=len(held),
        )

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs."""
        return list(self._names)

    def hidden_costs(self, step: Step, name: str) -> float:
        """Returns how much larger the mean error of the scored rows that have an input is when it
        is hidden."""
        held = self.held(step)
        there = self._inputs[self._held][name][self._places[self._held][held], -1] == 0
        shown, hidden = (self.task.row_errors(self.run(step, hide)) for hide in (None, name))
        if shown is None or hidden is None or not there.any():
            return 0.0
        return float((hidden - shown)[there].mean())

    @property
    def _many(self) -> bool:
        return self._targets["train"].shape[1] > 1

    def _joined(self, split: str, rows: np.ndarray, hide: str | None) -> np.ndarray:
        parts = []
        for name, array in self._inputs[split].items():
            part = array[rows]
            if name == hide:
                part = np.zeros_like(part)
                part[:, -1] = 1
            parts.append(part)
        return np.concatenate(parts, axis=1)

    def _predict(
        self, inputs: np.ndarray, targets: np.ndarray, asked: np.ndarray, seed: int
    ) -> np.ndarray:
        """Returns probabilities (rows, classes), or encoded numbers (rows,)."""
        mean, deviation = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
        inputs, asked = (inputs - mean) / deviation, (asked - mean) / deviation
        asked = np.clip(asked, -10, 10)
        if self.task.has_numbers:
            return self._fresh(seed).fit(inputs, targets[:, 0]).predict(asked)
        if self._many:
            return np.stack(
                [self._chances(inputs, column, asked, seed, 2)[:, 1] for column in targets.T],
                axis=1,
            )
        return self._chances(inputs, targets[:, 0], asked, seed, len(self.target.labels))

    def _chances(
        self, inputs: np.ndarray, classes: np.ndarray, asked: np.ndarray, seed: int, count: int
    ) -> np.ndarray:
        """Returns probabilities (rows, count), also where train has one class only."""
        classes = classes.astype(int)
        found = np.zeros((len(asked), count))
        if len(np.unique(classes)) < 2:
            found[:, classes[0]] = 1
            return found
        model = self._fresh(seed).fit(inputs, classes)
        found[:, model.classes_] = model.predict_proba(asked)
        return found

    def _fresh(self, seed: int) -> Any:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
        from sklearn.linear_model import LogisticRegression, Ridge

        linear = self.name == "linear model"
        if self.task.has_numbers:
            if linear:
                return Ridge(100.0)
            return ExtraTreesRegressor(_TREES, random_state=seed)
        if linear:
            return LogisticRegression(C=0.1, max_iter=200)
        return ExtraTreesClassifier(_TREES, random_state=seed)
