"""How answers are chosen from probabilities, where the most probable one is not the best choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.evaluation.trust.temperature import has_label_sets

__all__ = ["DECISIONS", "TRAINING", "Decision", "chosen"]

DECISIONS = ("auto", "most_probable", "logit_adjustment", "thresholds")
TRAINING = "training"  # as the model was trained to
_KINDS = ("most_probable", TRAINING, *DECISIONS[2:])
_MOST = 50.0  # log odds
_TINY = 1e-30  # probability that counts as 0


@dataclass(frozen=True)
class Decision:
    """What probabilities are made of, and how an answer is chosen from them.

    A training that makes up for rare classes states probabilities of a table in which they are not
    rare. `prior` is what it added to their log odds; without it they are those of the table. The
    answer is the class of the highest log probability plus `shift`: probabilities stay what they
    are, and rare classes are chosen earlier.

    Args:
        kind: str, most_probable, training (as the method of training does it), logit_adjustment or
            thresholds.
        shift: tuple of float, one for each class; of label sets, a label is chosen from log odds
            plus shift of 0. Not used where training decided: answers are then the model's own.
        prior: tuple of float, one for each class, taken off its log odds; empty for nothing.
        tau: float, strength of logit_adjustment.
        split: str, the part of the data that decided; "" where nothing was compared.
        num_rows: int, rows of it.
        figures: {"f1_macro": [before, after]} on these rows, `after` cross-fitted.
        interval: [low, high] of the paired difference, or None.
        skewed: str, how the classes of train are skewed, in words; "" where they are not.

    Source: Menon et al. 2021, "Long-tail learning via logit adjustment", equation 9; thresholds
    that are tuned one after the other, as in Lewis et al. 2004, "RCV1", section 4 (SCut).
    """

    kind: str
    shift: tuple[float, ...]
    prior: tuple[float, ...] = ()
    tau: float = 0.0
    split: str = ""
    num_rows: int = 0
    figures: Mapping[str, list[float]] = field(default_factory=dict)
    interval: list[float] | None = None
    skewed: str = ""

    @property
    def changes(self) -> bool:
        """Whether any answer can be another than the most probable class."""
        return any(self.shift)

    def natural(self, found: Predictions) -> Predictions:
        """Returns a model's own predictions with the probabilities of a table like train, before
        they are calibrated; its answers stay where they are to."""
        if not any(self.prior):
            return found
        sets, answers = has_label_sets(found), found.chosen
        if self.kind == TRAINING:
            answers = found.answers
        return replace(found, outputs=self.without_prior(found.outputs, sets), chosen=answers)

    def without_prior(self, outputs: np.ndarray, label_sets: bool) -> np.ndarray:
        """Returns a model's own probabilities (..., classes) as those of a table like train."""
        if not any(self.prior):
            return outputs
        logits = _logits(outputs, label_sets) - np.asarray(self.prior)
        return _stated(logits, label_sets, outputs.dtype)

    def __call__(self, found: Predictions) -> Predictions:
        """Returns predictions with the answers that are chosen, after they were calibrated."""
        if self.kind == TRAINING:
            return found
        if not self.changes:
            return replace(found, chosen=None)
        answers = chosen(found.outputs, np.asarray(self.shift), has_label_sets(found))
        return replace(found, chosen=answers)

    def shifted(self, outputs: np.ndarray, label_sets: bool) -> np.ndarray:
        """Returns probabilities (..., classes) of which the highest is the answer, or one from a
        half on: what is chosen and not what is stated."""
        if not self.changes:
            return outputs
        logits = _logits(outputs, label_sets) + np.asarray(self.shift)
        return _stated(logits, label_sets, np.asarray(outputs).dtype)

    def to_json(self) -> dict[str, Any]:
        """Returns everything as JSON values."""
        return {
            "kind": self.kind,
            "shift": list(self.shift),
            "prior": list(self.prior),
            "tau": self.tau,
            "split": self.split,
            "num_rows": self.num_rows,
            "figures": {name: list(pair) for name, pair in self.figures.items()},
            "interval": self.interval,
            "skewed": self.skewed,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], num_labels: int) -> Decision:
        """Returns what `to_json` described.

        Args:
            value: what a file holds.
            num_labels: int, labels of the model.

        Raises:
            BundleError: it is no such description, or that of another model.
        """
        fields = Fields(value)
        figures = fields.mapping("figures")
        interval = None
        if value.get("interval") is not None:
            interval = fields.numbers("interval", 2)
        return cls(
            fields.one_of("kind", _KINDS),
            _offsets(fields, "shift", num_labels),
            _offsets(fields, "prior", num_labels, or_none=True),
            fields.number("tau"),
            fields.text("split"),
            fields.whole("num_rows", 0, 10**12),
            {str(name): Fields(figures).numbers(name, 2) for name in figures},
            interval,
            fields.text("skewed"),
        )


def chosen(outputs: np.ndarray, shift: np.ndarray, label_sets: bool) -> np.ndarray:
    """Returns the answers that a shift of log odds chooses: (n,) classes, or (n, classes) bool.

    Example:

    >>> chosen(np.array([[0.8, 0.2]]), np.array([0.0, 2.0]), False).tolist()
    [1]
    """
    logits = _logits(outputs, label_sets) + shift
    if label_sets:
        return logits >= 0
    return logits.argmax(axis=1)


def _logits(outputs: np.ndarray, label_sets: bool) -> np.ndarray:
    chances = np.clip(np.asarray(outputs, np.float64), _TINY, 1.0)
    if label_sets:
        return np.log(chances) - np.log(np.clip(1 - chances, 1e-8, 1))
    return np.log(chances)


def _stated(logits: np.ndarray, label_sets: bool, dtype: Any) -> np.ndarray:
    if label_sets:
        return (0.5 * (1 + np.tanh(0.5 * logits))).astype(dtype)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(dtype)


def _offsets(fields: Fields, key: str, num_labels: int, or_none: bool = False) -> tuple:
    found = fields.numbers(key)
    fits = len(found) == num_labels or (or_none and not found)
    if not fits or any(abs(value) > _MOST for value in found):
        raise BundleError(
            f'needs "{key}" to be {num_labels:,} numbers from {-_MOST:g} to '
            f"{_MOST:g}. Got {str(found)[:100]}. Copy the whole bundle again."
        )
    return tuple(found)
