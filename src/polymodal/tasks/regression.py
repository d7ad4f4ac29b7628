"""Regression: a number for each row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from polymodal.core.contracts.target import Answer, Judged, Scores, Target
from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.errors import DataError
from polymodal.core.fields import Fields
from polymodal.core.printed.counting import counted
from polymodal.evaluation.scores.numbers import NumberScores
from polymodal.preprocess.numbers.statistics import Moments
from polymodal.profile.target_form import AMOUNTS
from polymodal.tables.reading.numbers import NumberFormat
from polymodal.tables.reading.reading import Reading

__all__ = ["Regression"]


class NumberTarget(Target):
    """The number of a row, standardised by the train split, float32 (1,).

    Cells are read as they are written: with marks between thousands, a decimal comma, or one unit.
    Answers are plain numbers in that unit: of 10% the number is 10.

    Args:
        decimal: str, the mark before the decimals.
        thousands: str, the mark between groups of three digits, or "".
        unit: str, currency, percent or other unit that may be at a number, or "".
        missing: list of texts and numbers that stand for a missing value, besides the usual ones.

    Example:

    >>> target = NumberTarget()
    >>> target.fit(["1", 3.0])
    >>> target.encode(5).tolist(), float(target.decode(np.float32(3.0)))
    ([3.0], 5.0)
    >>> NumberTarget(decimal=",", unit="€").read("12,50 €")
    12.5
    """

    has_time = False
    dtype = np.float32
    shape = (1,)
    num_outputs = 1

    def __init__(
        self,
        decimal: Literal[".", ","] | None = None,
        thousands: Literal["", ",", ".", " ", "'"] | None = None,
        unit: str | None = None,
        missing: list | str | float | None = None,
    ) -> None:
        self.labels: list[str] = []
        self.mean, self.std = 0.0, 1.0
        self.format = Reading("number", decimal, thousands, unit, missing).numbers

    def fit(self, values: Iterable[Any]) -> None:
        """Learns mean and standard deviation of the train split; other cells are ignored."""
        moments = Moments(smallest=0.0)
        numbers = [number for value in values if (number := self._finite(value)) is not None]
        moments.add(np.array(numbers, np.float64).reshape(-1, 1))
        if moments.mean is None or max(numbers) == min(numbers):
            only = "no number"
            if numbers:
                only = f"no number but {numbers[0]:g}"
            raise DataError(
                f"has {only} in train, and a model needs at least 2 to learn from.",
                "Name another target, or another task.",
                reason="constant_target",
            )
        mean, std = moments.result(1)
        self.mean, self.std = float(mean[0]), float(std[0])

    def is_empty(self, value: Any) -> bool:
        """Returns whether a cell says that the number is missing, such as `-` or `n/a`."""
        return self.format.is_missing(value)

    def read(self, value: Any) -> float:
        """Returns the number of a cell in its own unit.

        Raises:
            DataError: the cell is not a finite number.
        """
        fix = "Correct or empty the cell, or run with --skip-bad."
        try:
            number = self.format.read(value)
        except ValueError as error:
            raise DataError(str(error), fix, reason="not_a_number") from None
        if number is None or not math.isfinite(number):
            raise DataError(f"needs a number. Got {value!r}.", fix, reason="not_a_number")
        return number

    def encode(self, value: Any) -> np.ndarray:
        """Returns the standardised number, float32 (1,).

        Raises:
            DataError: the cell is not a finite number.
        """
        return np.array([(self.read(value) - self.mean) / self.std], np.float32)

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """Returns numbers in the target's own unit, float64, in the shape given."""
        return np.asarray(encoded, np.float64) * self.std + self.mean

    def state(self) -> dict[str, Any]:
        """Returns mean and standard deviation, and how cells are read."""
        return {
            "mean": self.mean,
            "std": self.std,
            "format": self.format.state(),
            "missing": self.format.usual,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        fields = Fields(state)
        self.mean, self.std = fields.number("mean"), fields.number("std", above=0)
        if "format" in fields:
            self.format = NumberFormat.restored(
                Fields(fields.mapping("format")), fields.texts("missing")
            )

    def _finite(self, value: Any) -> float | None:
        try:
            return self.read(value)
        except DataError:
            return None


class Regression(Task):
    """Predicts a number for each row."""

    name = "regression"
    title = "regression"
    headline = "mae"
    lower_is_better = frozenset({"mae", "rmse"})
    has_numbers = True
    blind_name = "always the mean of train"
    form = AMOUNTS
    target = NumberTarget

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.numbers import NumberHead

        return NumberHead

    def to_predictions(
        self, values: np.ndarray, targets: np.ndarray | None, target: Any
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns numbers in the target's own unit; the model's are standardised."""
        if targets is None:
            known = None
        else:
            known = target.decode(targets).reshape(len(targets))
        return target.decode(values).reshape(len(values)), known

    def train_targets(self, encoded: np.ndarray, target: Any) -> np.ndarray:
        """Returns numbers in the target's own unit, (rows,)."""
        return target.decode(encoded).reshape(len(encoded))

    def scores(self, rest: Predictions) -> Scores:
        """Returns mae, rmse, r2 and pearson."""
        return NumberScores(rest)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns the absolute error."""
        return np.abs(np.asarray(rest.targets, np.float64) - np.asarray(rest.outputs, np.float64))

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        truth, guess = np.ravel(np.asarray(rest.targets)), np.ravel(rest.outputs)
        spread = np.ptp(truth)
        if not spread or np.ptp(guess) >= 1e-4 * spread:
            return ""
        return f"The model predicts {guess[0]:.4g} for all {counted(len(rest), 'row')}."

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the mean of train for every row."""
        mean = np.float64(np.asarray(train_targets).mean())
        return np.broadcast_to(mean, predictions.outputs.shape).astype(np.float64)

    def judged(self, rest: Predictions) -> Judged:
        """Returns the rows by their error; none is right or wrong."""
        error = np.abs(np.ravel(rest.outputs) - np.ravel(np.asarray(rest.targets)))
        return Judged(np.ones(len(rest), bool), error, [None] * len(rest))

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns both numbers as text."""
        if found.targets is None:
            target = float("nan")
        else:
            target = float(found.targets[place])
        return {"target": f"{target:.4g}", "predicted": f"{float(found.outputs[place]):.4g}"}

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, a number, for each row"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the number."""
        return Answer(float(found.outputs[places[0]]))
