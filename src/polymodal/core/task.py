"""The contract of a task: one object that owns everything which one kind of question needs.

A task is one file, `tasks/<name>.py`, with one class. No other file asks for its name: floors below
take the task, or its target, as an argument of these types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from polymodal.core.lookup import find

if TYPE_CHECKING:
    from polymodal.core.predictions import Predictions

__all__ = ["Answer", "Head", "Scores", "Target", "Task", "task_named"]

Scores = Callable[[np.ndarray], dict[str, np.ndarray]]  # weights (rows, samples) -> (samples,) each


@dataclass(frozen=True)
class Answer:
    """What a model says about one row, as a program reads it.

    Args:
        prediction: a plain value that JSON can hold.
        probabilities: {label: p}, or None where the task gives none.
    """

    prediction: Any
    probabilities: dict[str, float] | None = None


class Target(Protocol):
    """How the cells of the target column are read, fitted, encoded and decoded.

    Attributes:
        labels: names of the outputs, in the order of their ids; empty for numbers.
        num_outputs: int, size of the model's last axis.
        has_time: bool, whether a row has one value per step.
        dtype, shape: of one encoded value; None for a length that differs by row.
    """

    has_time: bool
    dtype: Any

    @property
    def labels(self) -> list[str]: ...

    @property
    def num_outputs(self) -> int: ...

    @property
    def shape(self) -> tuple[int | None, ...]: ...

    def fit(self, values: Iterable[Any]) -> None:
        """Learns labels or statistics from the cells of the train split."""

    def read(self, value: Any) -> Any:
        """Returns what a cell says, whether train has it or not. Raises DataError."""

    def encode(self, value: Any) -> np.ndarray:
        """Returns what the loss sees. Raises DataError."""
        ...

    def decode(self, encoded: Any) -> Any:
        """Returns what an encoded value says."""

    def state(self) -> dict[str, Any]:
        """Returns what was learned, as plain values."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""


class Head(Protocol):
    """What a model needs of a task: a layer, a loss, and what the logits mean.

    It loads an engine, so tasks import it where they make it.

    Attributes:
        num_outputs: int.
        per_step: bool, whether there is one output per step of the inputs.
        autoregressive: bool, whether each output is fed back for the next.
        monitor: (metric, "max" or "min") that tells epochs apart.
    """

    num_outputs: int
    per_step: bool
    autoregressive: bool
    monitor: tuple[str, str]

    def head(self, pooling: str = "attention") -> Any:
        """Returns the layer that turns fused tokens into logits."""

    def loss(self) -> Any:
        """Returns the loss, summed: the loader's weights hold the normalisation."""


class Task(Protocol):
    """One kind of question to a model. Objects have no state and take no arguments.

    Attributes:
        name: str, the name of the task's file.
        title: str, how a report calls it.
        headline: str, the metric shown where only one is.
        lower_is_better: names of its metrics of which less is better.
        is_text: bool, whether answers are texts; `Predictions.outputs` then holds texts and
            `targets` lists of right texts.
        is_written: bool, whether answers hold words that a model made up, which a spreadsheet
            must not run.
        has_classes: bool, whether answers are classes with probabilities.
        hears: bool, whether answers are what is said in sound, with times.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    headline: ClassVar[str] = "accuracy"
    lower_is_better: ClassVar[frozenset[str]] = frozenset()
    is_text: ClassVar[bool] = False
    is_written: ClassVar[bool] = False
    has_classes: ClassVar[bool] = False
    hears: ClassVar[bool] = False

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    # -- what a model needs -----------------------------------------------------------------------

    @property
    def target(self) -> type[Target]:
        """The class that reads the target column; its arguments are settings of the task."""
        ...

    @property
    def head(self) -> type[Head]:
        """The class of the head; its arguments are settings of the task. Loads an engine."""
        ...

    def to_predictions(self, values: np.ndarray, targets: np.ndarray | None,
                       target: Target) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns activated outputs and what the loss saw as `Predictions` hold them."""
        return values, targets

    def train_targets(self, encoded: np.ndarray, target: Target) -> np.ndarray:
        """Returns encoded targets (rows, ...) of train as `Predictions.targets` hold them."""
        return encoded

    # -- scores -----------------------------------------------------------------------------------

    def scores(self, rest: Predictions, only: str | None = None) -> Scores:
        """Returns a function from weights to metrics: one form for scores and for intervals.

        What each row adds is counted once, here. The function takes float64 weights (n, samples),
        how often each output counts in each sample, and returns {metric: (samples,)} with nan
        where a metric is undefined. Scores are what weights of one give.

        Args:
            rest: Predictions, scored rows only.
            only: str, the one metric wanted, or None for all.
        """
        ...

    def higher_is_better(self, metric: str) -> bool:
        """Returns whether a larger value of a metric is better."""
        return metric not in self.lower_is_better

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns (n,) float64, what is wrong in each output, in what a person would count; None
        where an output by itself has no error that means something.

        Args:
            rest: Predictions, scored rows only.
        """
        ...

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence where all rows get one answer though not all want one, else ""."""
        return ""

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the outputs of a model that sees no input, shaped as `predictions.outputs`.

        Args:
            predictions: Predictions of a model, for rows and labels.
            train_targets: what `train_targets` returned, or the texts of train.
        """
        ...

    def notes(self, rest: Predictions) -> dict[str, str]:
        """Returns {metric: what a reader needs to know to compare it}."""
        return {}

    def details(self, rest: Predictions) -> dict[str, Any]:
        """Returns further parts of an evaluation's JSON: {key: plain value}."""
        return {}

    # -- sentences --------------------------------------------------------------------------------

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does: "predicts price, a number, for each row"."""
        ...

    # -- answers ----------------------------------------------------------------------------------

    def answer(self, found: Predictions, places: Sequence[int], target: Target) -> Answer:
        """Returns the answer to one row of a table.

        Args:
            found: Predictions of the table.
            places: indices of the row's outputs, one per step.
            target: Target of the model.
        """
        ...

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns an example for a report: {"target", "predicted": texts for a person, "right":
        bool or None, "probability": float or None}, and perhaps "probabilities": {label: p}."""
        ...


def task_named(name: str) -> Task:
    """Returns the task of that name.

    Raises:
        RecipeError: there is none; the message lists the names and the nearest one.
    """
    return find("tasks", name)()
