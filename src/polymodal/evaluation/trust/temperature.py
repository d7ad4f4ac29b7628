"""Temperatures: what logits are divided by, so that stated probabilities match what comes true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields

__all__ = ["LARGEST", "Pattern", "Temperatures", "has_label_sets", "tempered"]

LARGEST = 20.0  # temperature; the smallest is its inverse
_MOST_PATTERNS = 1_000
_MOST_ROWS = 10**12
_TINY = 1e-30  # probability that counts as 0


@dataclass(frozen=True)
class Pattern:
    """The temperatures of rows with the same inputs.

    Args:
        present: tuple of bool, which inputs the rows have.
        values: tuple of temperatures: one for classes, one for each label of label sets.
        num_rows: int, rows that decided.
        source: str, "own" (fitted on these rows), "shared" (on all patterns together) or "none"
            (neither lowered the log loss, so they are 1).
    """

    present: tuple[bool, ...]
    values: tuple[float, ...]
    num_rows: int
    source: str = "own"


@dataclass(frozen=True)
class Temperatures:
    """Temperatures by the inputs that a row has, with what they changed on the rows of the fit.

    Args:
        inputs: names of the inputs, in the order of `Predictions.present`.
        shared: tuple of temperatures for rows with other inputs than those of `patterns`.
        patterns: tuple of Pattern.
        split: str, the part of the data that they were fitted on.
        num_rows: int, rows of it that were used, those with inputs hidden not counted.
        group: str, column of the groups that these rows are of and train has none of; "" for rows
            like those of train.
        figures: {metric: [before, after]} on these rows, `after` cross-fitted.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2; here with a
    temperature for each pattern of missing inputs, or each label, and with one wrong row more, in
    the spirit of Platt 1999, "Probabilistic Outputs for Support Vector Machines", section 2.2.
    """

    inputs: tuple[str, ...]
    shared: tuple[float, ...]
    patterns: tuple[Pattern, ...] = ()
    split: str = ""
    num_rows: int = 0
    group: str = ""
    figures: Mapping[str, list[float]] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether any probability changes."""
        return any(
            value != 1
            for values in (self.shared, *(p.values for p in self.patterns))
            for value in values
        )

    def __call__(self, found: Predictions) -> Predictions:
        """Returns predictions with calibrated probabilities."""
        return self._divided(found, self.of(found.present))

    def undone(self, found: Predictions) -> Predictions:
        """Returns calibrated predictions with the probabilities that the model itself stated."""
        return self._divided(found, 1 / self.of(found.present))

    def of(self, present: np.ndarray) -> np.ndarray:
        """Returns temperatures (n, values) for rows with the inputs `present` (n, inputs)."""
        width = max(len(values) for values in (self.shared, *(p.values for p in self.patterns)))
        chosen = np.ones((len(present), width)) * np.asarray(self.shared, np.float64)
        for pattern in self.patterns:
            chosen[(present == np.array(pattern.present)).all(axis=1)] = pattern.values
        return chosen

    def _divided(self, found: Predictions, temperatures: np.ndarray) -> Predictions:
        changed = np.flatnonzero((temperatures != 1).any(axis=1))
        if not len(changed):
            return found
        outputs = found.outputs.copy()
        outputs[changed] = tempered(outputs[changed], temperatures[changed], has_label_sets(found))
        return replace(found, outputs=outputs)

    def to_json(self) -> dict[str, Any]:
        """Returns everything as JSON values."""
        return {
            "inputs": list(self.inputs),
            "shared": list(self.shared),
            "patterns": [
                {
                    "present": [int(one) for one in p.present],
                    "values": list(p.values),
                    "num_rows": p.num_rows,
                    "source": p.source,
                }
                for p in self.patterns
            ],
            "split": self.split,
            "num_rows": self.num_rows,
            "group": self.group,
            "figures": {name: list(pair) for name, pair in self.figures.items()},
        }

    @classmethod
    def from_json(
        cls, value: Mapping[str, Any], inputs: list[str], num_labels: int
    ) -> Temperatures:
        """Returns what `to_json` described.

        Args:
            value: what a file holds.
            inputs: names of the model's inputs.
            num_labels: int, labels of the model.

        Raises:
            BundleError: it is no such description, or that of another model.
        """
        fields = Fields(value)
        names = fields.texts("inputs")
        if names != inputs:
            raise BundleError(
                f'needs "inputs" to be those of the model, {", ".join(inputs)}. Got '
                f"{', '.join(names)[:200]}. Copy the whole bundle again."
            )
        patterns = fields.items("patterns")
        if len(patterns) > _MOST_PATTERNS:
            raise BundleError(
                f'needs at most {_MOST_PATTERNS:,} "patterns". Got '
                f"{len(patterns):,}. Copy the whole bundle again."
            )
        figures = fields.mapping("figures")
        return cls(
            tuple(inputs),
            _temperatures(fields, "shared", num_labels),
            tuple(_pattern(one, len(inputs), num_labels) for one in patterns),
            fields.text("split"),
            fields.whole("num_rows", 0, _MOST_ROWS),
            fields.text("group"),
            {str(name): Fields(figures).numbers(name, 2) for name in figures},
        )


def has_label_sets(found: Predictions) -> bool:
    """Returns whether a row may have several labels, each with a probability of its own."""
    return found.task.choice == "any of"


def tempered(outputs: np.ndarray, temperatures: np.ndarray, label_sets: bool) -> np.ndarray:
    """Returns probabilities whose logits are divided by temperatures.

    Args:
        outputs: (n, classes) probabilities.
        temperatures: (n, 1), or (n, classes) for each label its own.
        label_sets: bool, whether each label has a probability of its own.

    Example:

    >>> tempered(np.array([[0.9, 0.1]]), np.array([[2.0]]), False).round(2).tolist()
    [[0.75, 0.25]]
    """
    chances = np.clip(np.asarray(outputs, np.float64), _TINY, 1.0)
    if label_sets:
        logits = np.log(chances) - np.log(np.clip(1 - chances, 1e-8, 1))
        found = 0.5 * (1 + np.tanh(0.5 * logits / temperatures))
    else:
        logits = np.log(chances) / temperatures
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        found = powers / powers.sum(axis=1, keepdims=True)
    return found.astype(outputs.dtype)


def _temperatures(fields: Fields, key: str, num_labels: int) -> tuple[float, ...]:
    found = fields.numbers(key, above=0)
    fits = len(found) in (1, num_labels) and all(1 / LARGEST <= value <= LARGEST for value in found)
    if not fits:
        raise BundleError(
            f'needs "{key}" to be 1 or {num_labels:,} numbers from '
            f"{1 / LARGEST:g} to {LARGEST:g}. Got {str(found)[:100]}. "
            "Copy the whole bundle again."
        )
    return tuple(found)


def _pattern(fields: Fields, num_inputs: int, num_labels: int) -> Pattern:
    present = fields.numbers("present", num_inputs)
    return Pattern(
        tuple(one > 0 for one in present),
        _temperatures(fields, "values", num_labels),
        fields.whole("num_rows", 0, _MOST_ROWS),
        fields.one_of("source", ("own", "shared", "none")),
    )
