"""What tasks share whose answers are classes with probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.core.contracts.target import Judged, Scores
from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.counting import counted
from polymodal.evaluation.decisions import decisions
from polymodal.evaluation.scores.classes import ClassScores

__all__ = ["ClassTask"]


class ClassTask(Task):
    """Answers that are one of several classes for each output."""

    has_classes = True
    lower_is_better = frozenset({"log_loss", "calibration_error"})
    blind_name = "always the majority class of train"
    limits = ("It always answers with one of its labels, even if none fits.",)

    def suited(self, settings: Mapping[str, Any]) -> Task:
        """Returns the task with the headline that the settings name.

        Raises:
            RecipeError: it has no such headline.
        """
        asked = settings.get("headline", self.headline)
        if asked == self.headline:
            return self
        known = [name for name in (self.headline, self.balanced) if name]
        if asked not in known:
            raise RecipeError(f"task: {unknown('headline', str(asked), known)}")
        return self.by_balance()

    @property
    def kind(self) -> Mapping[str, str]:
        """The headline, of a task that can have another one."""
        if self.balanced:
            return {"headline": self.headline}
        return {}

    @property
    def by_balance(self) -> type[Task]:
        """The kind whose headline is the balanced metric, where there is one."""
        return type(self)

    def scores(self, rest: Predictions) -> Scores:
        """Returns accuracy, F1, auroc, log loss and calibration error."""
        return ClassScores(rest)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns 1 for each wrong class."""
        truth, guess = decisions(rest)
        return (truth != guess).astype(np.float64)

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        truth, guess = decisions(rest)
        if (guess != guess[0]).any() or not (truth != truth[0]).any():
            return ""
        unit = "step"
        if rest.steps is None:
            unit = "row"
        return (
            f"The model predicts {self._quoted(rest, guess[0])} for all {counted(len(rest), unit)}."
        )

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the frequencies of train for every row."""
        targets = np.asarray(train_targets).astype(np.int64).ravel()
        count = np.bincount(targets, minlength=len(predictions.labels))
        return np.broadcast_to(count / count.sum(), predictions.outputs.shape).astype(np.float64)

    def judged(self, rest: Predictions) -> Judged:
        """Returns which rows are right, the surest first, and truth and answer of each."""
        truth, guess = decisions(rest)
        kinds = list(zip(truth.tolist(), guess.tolist(), strict=True))
        return Judged(truth == guess, -rest.outputs[np.arange(len(rest)), guess], kinds)

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns truth and answer as names, and the probability of each class."""
        truth, guess = (side[0] for side in decisions(found.take(np.array([place]))))
        chances = {
            label: float(p) for label, p in zip(found.labels, found.outputs[place], strict=True)
        }
        said = self._named(found, guess)
        return {
            "target": self._named(found, truth),
            "predicted": said,
            "right": bool(np.all(truth == guess)),
            "probability": self._certainty(chances, said),
            "probabilities": chances,
        }

    def _certainty(self, chances: Mapping[str, float], answer: str) -> float | None:
        """Returns how sure an answer is, where one probability says it."""
        return None

    def _named(self, found: Predictions, decision: Any) -> str:
        return found.labels[int(decision)]

    def _quoted(self, found: Predictions, decision: Any) -> str:
        return f'"{found.labels[int(decision)]}"'


class StepTask(ClassTask):
    """Answers that are one of several classes for each step of a row."""

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns all steps of the row, true and predicted."""
        if found.steps is None:
            return super().shown(found, place)
        steps = np.flatnonzero(found.rows == found.rows[place])
        truth, guess = decisions(found.take(steps))
        words = [" ".join(found.labels[int(i)] for i in side) for side in (truth, guess)]
        return {"target": words[0], "predicted": words[1], "right": bool((truth == guess).all())}
