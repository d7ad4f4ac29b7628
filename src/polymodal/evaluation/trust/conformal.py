"""Sets of answers that hold the true one with a stated probability (split conformal prediction)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.lookup import unknown
from polymodal.core.seeds import generator
from polymodal.evaluation.decisions import known
from polymodal.evaluation.trust.temperature import has_label_sets

__all__ = ["Conformal", "Sets", "check_level", "conformal_of", "conformity"]

MOST_SCORES = 20_000
_MOST_VALUES = 50  # of a column that has scores of its own
_ROUNDING = 1e-6  # of probabilities, which are float32


@dataclass(frozen=True)
class Sets:
    """The set of answers of each output.

    Args:
        level: float, share of rows whose set is to hold the true answer.
        members: (n, labels) bool, which labels are in the set; None for numbers.
        low, high: (n,) bounds of numbers; None for labels.
        label_sets: bool, whether a set holds all labels of a row, of which there may be several.
        group: str, column by whose values the sets were made; "" for one bound for all.
        unknown: values of that column without scores of their own, which got those of all rows.
    """

    level: float
    members: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    label_sets: bool = False
    group: str = ""
    unknown: tuple[str, ...] = ()

    def of(self, place: int, found: Predictions) -> list[Any]:
        """Returns the set of one output: labels, the most probable first, or [low, high] with
        None for no bound."""
        if self.members is None:
            return [_plain(np.asarray(side)[place]) for side in (self.low, self.high)]
        order = np.argsort(-found.outputs[place], kind="stable")
        return [found.labels[label] for label in order if self.members[place, label]]

    def holds(self, targets: np.ndarray) -> np.ndarray:
        """Returns (n,) bool, whether each set holds the true answer."""
        targets = np.asarray(targets)
        if self.members is None:
            low, high = np.asarray(self.low), np.asarray(self.high)
            return np.asarray((low <= targets) & (targets <= high))
        if targets.ndim == 2:
            return np.asarray((self.members | ~targets.astype(bool)).all(axis=1))
        return self.members[np.arange(len(targets)), targets.astype(np.int64)]

    def sizes(self) -> np.ndarray:
        """Returns (n,) the labels in each set, or the width of each interval."""
        if self.members is None:
            return np.asarray(self.high) - np.asarray(self.low)
        return self.members.sum(axis=1).astype(np.float64)

    def take(self, where: np.ndarray) -> Sets:
        """Returns the sets of some outputs."""
        pick = lambda side: None if side is None else side[where]
        return Sets(
            self.level,
            pick(self.members),
            pick(self.low),
            pick(self.high),
            self.label_sets,
            self.group,
            self.unknown,
        )


@dataclass(frozen=True)
class Conformal:
    """Sorted conformity scores of rows that training did not see; nothing else of these rows.

    The score of a row is one minus the probability of its true label (of the least probable true
    one, where a row has several), or the size of the error of a number. A set holds all answers
    whose score is at most that of a share `level` of these rows. If new rows come from where these
    came from, it holds the true answer with at least that probability. It may be empty: no answer
    is then as probable as the true ones were.

    Args:
        scores: (n,) float, ascending.
        columns: {column: {value: scores}} of columns that sets can be made by.
        split: str, the part of the data that they are of.

    Sources: Papadopoulos et al. 2002, "Inductive confidence machines for regression"; Sadinle et
    al. 2019, "Least ambiguous set-valued classifiers with bounded error levels"; by groups, Vovk
    2012, "Conditional validity of inductive conformal predictors".
    """

    scores: np.ndarray
    columns: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    split: str = ""

    def sets(
        self,
        found: Predictions,
        level: float,
        by: str | None = None,
        values: Sequence[Any] | None = None,
    ) -> Sets:
        """Returns the set of each output.

        Args:
            found: Predictions.
            level: float between 0 and 1.
            by: str, a column of `columns`, or None for one bound for all rows.
            values: cells of that column, one for each row of the table.

        Raises:
            RecipeError: a level out of range, or a column without scores.
        """
        check_level(level)
        bounds, missing = np.full(len(found), _bound(self.scores, level)), set()
        if by is not None:
            if by not in self.columns:
                raise RecipeError(_no_column(by, list(self.columns)))
            own = {value: _bound(scores, level) for value, scores in self.columns[by].items()}
            named = [str((values or [])[int(row)]) for row in found.rows]
            bounds = np.array([own.get(name, bounds[0]) for name in named])
            missing = set(named) - set(own)
        group = {"group": by or "", "unknown": tuple(sorted(missing))}
        if found.task.has_classes:
            members = 1 - np.asarray(found.outputs, np.float64) <= bounds[:, None] + _ROUNDING
            return Sets(level, members, label_sets=has_label_sets(found), **group)
        outputs = np.asarray(found.outputs, np.float64)
        return Sets(level, low=outputs - bounds, high=outputs + bounds, **group)

    def to_json(self) -> dict[str, Any]:
        """Returns everything as JSON values."""
        columns = [
            {
                "column": column,
                "values": list(parts),
                "scores": [_rounded(one) for one in parts.values()],
            }
            for column, parts in self.columns.items()
        ]
        return {"scores": _rounded(self.scores), "columns": columns, "split": self.split}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Conformal:
        """Returns what `to_json` described.

        Raises:
            BundleError: it is no such description.
        """
        fields, columns = Fields(value), {}
        for one in fields.items("columns"):
            names = one.texts("values")
            scores = one.number_lists("scores", len(names))
            columns[one.text("column")] = {
                name: _sorted(each) for name, each in zip(names, scores, strict=True)
            }
        return cls(_sorted(fields.numbers("scores", above=-1e-9)), columns, fields.text("split"))


def conformity(rest: Predictions) -> np.ndarray:
    """Returns (n,) float64, how far each true answer is from what the model says: 0 is nearest.

    Args:
        rest: Predictions of classes, labels or numbers, scored rows only.
    """
    outputs, targets = np.asarray(rest.outputs, np.float64), np.asarray(rest.targets)
    if not rest.task.has_classes:
        return np.abs(targets - outputs)
    if targets.ndim == 2:
        return 1 - np.where(targets.astype(bool), outputs, 1.0).min(axis=1)
    return 1 - outputs[np.arange(len(targets)), targets.astype(np.int64)]


def conformal_of(
    found: Predictions, columns: Mapping[str, Sequence[Any]] | None = None, split: str = ""
) -> Conformal:
    """Returns the sorted conformity scores of predictions with targets.

    Args:
        found: Predictions, calibrated.
        columns: {column: cells, one for each row of the table} that sets can be made by.
        split: str, the part of the data that they are of.
    """
    rest = known(found)
    scores = conformity(rest)
    by = {}
    for column, cells in (columns or {}).items():
        named = np.array([str(cells[int(row)]) for row in rest.rows], object)
        values = sorted(set(named))
        if 1 < len(values) <= _MOST_VALUES:
            by[column] = {value: _kept(scores[named == value]) for value in values}
    return Conformal(_kept(scores), by, split)


def check_level(level: float) -> float:
    """Returns a share of rows that sets are to be right for.

    Raises:
        RecipeError: it is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise RecipeError(
            f"--sets needs 0 < level < 1. Got {level:g}. Write --sets 0.9 for sets "
            "that hold the true answer of 90 % of the rows."
        )
    return level


def _bound(scores: np.ndarray, level: float) -> float:
    """Returns the largest score of an answer in a set; infinite where there are too few scores for
    the level."""
    place = math.ceil((len(scores) + 1) * level - 1e-9)
    if place > len(scores):
        return math.inf
    return float(scores[place - 1])


def _kept(scores: np.ndarray) -> np.ndarray:
    """Returns at most 20,000 scores, ascending."""
    if len(scores) > MOST_SCORES:
        scores = scores[generator(0).permutation(len(scores))[:MOST_SCORES]]
    return np.sort(scores)


def _rounded(scores: np.ndarray) -> list[float]:
    return [float(f"{score * (1 + 1e-8):.9g}") for score in scores]  # never below


def _sorted(scores: list[float]) -> np.ndarray:
    found = np.array(scores, np.float64)
    if len(found) > MOST_SCORES or (np.diff(found) < 0).any() or (found < 0).any():
        raise BundleError(
            f'needs "scores" to be at most {MOST_SCORES:,} ascending numbers from 0. '
            f"Got {len(found):,} that are not. Copy the whole bundle again."
        )
    return found


def _no_column(by: str, columns: list[str]) -> str:
    if columns:
        return f"--sets-by: {unknown('column', by, columns)}"
    return (
        f'--sets-by needs a column whose values have scores in the run. Got "{by}", and the '
        f"run has none. Train again with --slice {by}, or leave --sets-by out."
    )


def _plain(value: Any) -> float | None:
    if not math.isfinite(value):
        return None
    return float(f"{float(value):.6g}")
