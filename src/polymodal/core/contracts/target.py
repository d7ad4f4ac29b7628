"""What a task is made of: how its target is read, its head in a model, and an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np

__all__ = ["THRESHOLD", "Answer", "Head", "Judged", "Scores", "Target"]

THRESHOLD = 0.5  # where a row may have several labels, each is predicted from this on


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

    A target derives from this class, which has a default for all that few targets need.

    Attributes:
        labels: names of the outputs, in the order of their ids; empty for numbers.
        num_outputs: int, size of the model's last axis.
        has_time: bool, whether a row has one value per step.
        dtype, shape: of one encoded value; None for a length that differs by row.
        padding: int, what pads encoded values with a time axis.
        format: `tables.reading.numbers.NumberFormat` of cells that are numbers, or None.
        is_fed_back: bool, whether a decoder is fed the previous outputs.
        has_references: bool, whether `references` returns the texts of a cell.
        is_sampled: bool, whether training samples from several references of a cell.
        comes_with_weights: bool, whether what it learned belongs to the head's weights: a head
            that starts from another run takes it from there.
    """

    labels: Any  # list of str; an attribute or a property, as the two below
    num_outputs: Any
    shape: Any
    has_time: bool = False
    dtype: Any
    padding: int = 0
    format: Any = None
    is_fed_back: bool = False
    has_references: bool = False
    is_sampled: bool = False
    comes_with_weights: bool = False

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

    @property
    def columns(self) -> Sequence[str]:
        """Columns that the target is made of, where the recipe names no target column."""
        return ()

    def meets(self, table: Any, inputs: Mapping[str, Any]) -> None:
        """Sees the train table and the inputs, before `fit`, where it learns of both.

        Args:
            table: Table.
            inputs: {name: Input}, with its modality and its columns.
        """

    def is_empty(self, value: Any) -> bool:
        """Returns whether a cell that is not None says that the target is missing."""
        return False

    def references(self, value: Any) -> list[str]:
        """Returns the texts of a cell, unchanged. Raises DataError."""
        raise NotImplementedError(f"{type(self).__name__} has no reference texts.")

    def previous(self, targets: np.ndarray) -> np.ndarray:
        """Returns what the decoder is fed in training, (batch, time), where `is_fed_back`."""
        return targets

    def encode_several(self, value: Any, rng: np.random.Generator | None = None) -> np.ndarray:
        """Returns the references of a cell that training samples, where `is_sampled`."""
        return self.encode(value)

    def longest(self, value: Any) -> int:
        """Returns the largest length of what `encode_several` returns."""
        return len(self.encode(value))

    def truncated(self, value: Any) -> bool:
        """Returns whether `encode` truncates the cell."""
        return False

    def num_valid(self, encoded: np.ndarray) -> int:
        """Returns how many steps of an encoded value count in the loss."""
        return len(encoded)

    def num_frames(self, encoded: np.ndarray) -> int:
        """Returns the steps that the inputs of a row need for an encoded value."""
        return len(encoded)

    def given(self) -> dict[str, Any]:
        """Returns what heads and objectives take of the target, by the name of the argument."""
        return {}

    def notes(self, column: str) -> list[str]:
        """Returns sentences on how train writes the target."""
        return []

    def respelled(self, column: str) -> list[str]:
        """Returns sentences on labels whose spelling differs from train, and forgets them."""
        return []


class Head(Protocol):
    """What a model needs of a task: a layer, a loss, and what the logits mean.

    It loads an engine, so tasks import it where they make it. Heads inherit from it; attributes
    with a default are those of one output for each row.

    Attributes:
        num_outputs: int.
        monitor: (metric, "max" or "min") that tells epochs apart.
        per_step: bool, whether there is one output per step of the inputs (default: False)
        aligned: bool, whether outputs per step have the inputs' time axis (default: True)
        autoregressive: bool, whether each output is fed back for the next (default: False)
        guided: bool, whether a decoder is trained next to another head (default: False)
        scheduled_sampling: float, share of the model's own previous outputs at the end of training
            (default: 0)
        groups: {group: names of inputs}, streams that are fused apart (default: one stream)
    """

    num_outputs: int
    monitor: tuple[str, str]
    per_step: bool = False
    aligned: bool = True
    autoregressive: bool = False
    guided: bool = False
    scheduled_sampling: float = 0.0
    groups: Mapping[str, Sequence[str]] = MappingProxyType({})

    def head(self, pooling: str = "attention") -> Any:
        """Returns the layer that turns fused tokens into logits."""

    def loss(self) -> Any:
        """Returns the loss, summed: the loader's weights hold the normalisation."""


class Scores(Protocol):
    """The metrics of some rows, for any weights of them: those of one are the scores, those drawn
    by a bootstrap its resamples."""

    def __call__(self, weights: np.ndarray, only: str | None = None) -> dict[str, np.ndarray]:
        """Returns {metric: (samples,)}, the headline first; nan where a metric is undefined.

        Args:
            weights: (n, samples) float64, how often each output counts in each sample.
            only: str, the one metric wanted; others may be left out.
        """
        ...

    def fixed(self) -> dict[str, float]:
        """Returns metrics that have no interval."""
        ...

    def take(self, where: np.ndarray) -> Scores:
        """Returns the scores of the outputs that `where` (bool or indices over n) selects."""
        ...


class Judged(NamedTuple):
    """What rows are chosen by to stand for all.

    Args:
        right: bool (n,), of tasks that know right and wrong.
        order: (n,), what rows are sorted by.
        kinds: n values; rows of different kinds are preferred.
    """

    right: np.ndarray
    order: np.ndarray
    kinds: list
