"""Fits temperatures on rows that training did not see, and keeps those that help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.seeds import generator
from polymodal.evaluation.decisions import known
from polymodal.evaluation.resampling.draws import units
from polymodal.evaluation.scores.calibration import distance, reliability_of
from polymodal.evaluation.trust.temperature import (
    LARGEST,
    Pattern,
    Temperatures,
    has_label_sets,
    tempered,
)

__all__ = ["LEAST_ROWS", "OWN_ROWS", "fit_temperatures", "folds_of", "log_losses"]

LEAST_ROWS = 20  # fewer rows fit no temperature
OWN_ROWS = 100  # rows of a pattern of missing inputs from which it has a temperature of its own
_LEAST_LABEL_ROWS = 20  # rows with a label, and without, from which it has one of its own
_MOST_ROWS = 20_000  # rows of a fit
_NUM_FOLDS = 5
_SURE = 1.645  # standard errors, of one side at 95 %
_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class _Rows:
    """Rows with a known target: probabilities, targets, the fold and pattern of each."""

    outputs: np.ndarray
    targets: np.ndarray
    folds: np.ndarray
    patterns: np.ndarray
    label_sets: bool

    def take(self, where: np.ndarray) -> _Rows:
        return replace(
            self,
            outputs=self.outputs[where],
            targets=self.targets[where],
            folds=self.folds[where],
            patterns=self.patterns[where],
        )

    def __len__(self) -> int:
        return len(self.targets)

    def losses(self, temperatures: np.ndarray) -> np.ndarray:
        """Returns the log loss of each row, (n,), at temperatures (values,) or (n, values)."""
        each = np.broadcast_to(temperatures, (len(self), np.shape(temperatures)[-1]))
        return log_losses(tempered(self.outputs, each, self.label_sets), self.targets)


def log_losses(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns the log loss of each row, (n,); of label sets the mean over the labels.

    Args:
        outputs: (n, classes) probabilities.
        targets: (n,) classes, or (n, classes) bool.
    """
    chances = np.asarray(outputs, np.float64)
    if targets.ndim == 2:
        chances = np.where(targets, chances, 1 - chances)
        return -np.log(np.clip(chances, _EPSILON, 1)).mean(axis=1)
    return -np.log(np.clip(chances[np.arange(len(targets)), targets], _EPSILON, 1))


def fit_temperatures(
    views: Sequence[Predictions], split: str = "", group: str = ""
) -> Temperatures | None:
    """Returns temperatures that lower the log loss, or None where the rows are too few.

    Each pattern of inputs takes what has the lowest cross-fitted log loss: a temperature of its
    own, from 100 rows up, the one that all patterns share, or none. One below 1 has to lower it by
    more than chance, since answers that are more certain lose more where they are wrong.

    Args:
        views: Predictions of the rows as they are, and of the same rows with inputs hidden.
        split: str, the part of the data that they are of.
        group: str, column of the groups that train has none of, or "".
    """
    rests = [known(view) for view in views if view.scored.any()]
    num_rows = len(np.unique(rests[0].rows)) if rests else 0
    if num_rows < LEAST_ROWS:
        return None
    known_patterns = np.unique(np.concatenate([rest.present for rest in rests]), axis=0)
    rows = _pooled(rests, known_patterns)
    first = np.arange(len(rows)) < len(rests[0])
    shared, crossed = _crossed(rows)
    patterns = []
    after = np.ones((len(rows), 1))
    for place, present in enumerate(known_patterns):
        where = np.flatnonzero(rows.patterns == place)
        chosen, used = _best(rows.take(where), shared, crossed[where])
        after = _widened(after, used)
        after[where] = used
        patterns.append(Pattern(tuple(bool(one) for one in present), *chosen))
    if all(pattern.source == "none" for pattern in patterns):
        shared = np.ones(1)
    return Temperatures(
        tuple(rests[0].modalities),
        _plain(shared),
        tuple(patterns),
        split,
        num_rows,
        group,
        _figures(rows.take(first), after[first]),
    )


def _pooled(rests: Sequence[Predictions], known_patterns: np.ndarray) -> _Rows:
    """Returns the rows of all views as one; a row has the same fold in each view."""
    fold_of = folds_of(rests[0])
    parts = []
    for rest in rests:
        places = [
            int(np.flatnonzero((known_patterns == one).all(axis=1))[0]) for one in rest.present
        ]
        targets = np.asarray(rest.targets)
        targets = targets.astype(bool) if targets.ndim == 2 else targets.astype(np.int64)
        folds = np.array([fold_of.get(int(row), 0) for row in rest.rows])
        parts.append((np.asarray(rest.outputs), targets, folds, np.array(places)))
    outputs, targets, folds, patterns = (np.concatenate(each) for each in zip(*parts, strict=True))
    return _Rows(outputs, targets, folds, patterns, has_label_sets(rests[0]))


def folds_of(rest: Predictions) -> dict[int, int]:
    """Returns {row: fold}; rows of a group stay in one, where there are enough groups."""
    unit = units(rest)
    if unit.max() + 1 < _NUM_FOLDS:
        unit = np.unique(rest.rows, return_inverse=True)[1]
    count = int(unit.max()) + 1
    fold_of_unit = generator(0).permutation(count) % _NUM_FOLDS
    return dict(zip(rest.rows.tolist(), fold_of_unit[unit].tolist(), strict=True))


def _crossed(rows: _Rows) -> tuple[np.ndarray, np.ndarray]:
    """Returns temperatures of all rows, (values,), and for each row those of a fit without its
    fold, (n, values)."""
    whole = _fitted(rows)
    crossed = np.ones((len(rows), len(whole)))
    for fold in np.unique(rows.folds):
        here = rows.folds == fold
        if not here.all():
            crossed[here] = _fitted(rows.take(~here))
    return whole, crossed


def _best(
    rows: _Rows, shared: np.ndarray, crossed: np.ndarray
) -> tuple[tuple[tuple[float, ...], int, str], np.ndarray]:
    """Returns (values, rows, source) for a pattern, and the cross-fitted temperature of each."""
    plain = np.ones((len(rows), 1))
    fitted = [("shared", shared, crossed)]
    if len(rows) >= OWN_ROWS:
        fitted.insert(0, ("own", *_crossed(rows)))
    options = [("none", np.ones(1), plain)]
    options += [one for one in fitted if one[1].min() >= 1 or _surely_helps(rows, one[2])]
    losses = [float(rows.losses(used).mean()) for _, _, used in options]
    source, values, used = options[int(np.argmin(losses))]
    return (_plain(values), len(rows), source), used


def _surely_helps(rows: _Rows, used: np.ndarray) -> bool:
    """Returns whether cross-fitted temperatures lower the log loss by more than chance, one row
    more being wrong: they make answers more certain, and validation rows may be right by luck."""
    wrong = replace(rows, targets=_runners_up(rows))
    plain = np.ones((len(rows), 1))
    gains = rows.losses(plain) - rows.losses(used)
    lost = float(wrong.losses(plain).mean() - wrong.losses(used).mean())
    gains = np.append(gains, lost)
    return bool(gains.mean() > _SURE * gains.std() / np.sqrt(len(gains)))


def _widened(values: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns temperatures with as many columns as others have."""
    if other.shape[1] <= values.shape[1]:
        return values
    return np.repeat(values, other.shape[1], axis=1)


def _fitted(rows: _Rows) -> np.ndarray:
    """Returns the temperatures with the lowest log loss: one, or one for each label."""
    if len(rows) > _MOST_ROWS:
        rows = rows.take(generator(0).permutation(len(rows))[:_MOST_ROWS])
    found = np.array([_lowest(rows)])
    if not rows.label_sets:
        return found
    found = np.repeat(found, rows.targets.shape[1])
    for label, column in enumerate(rows.targets.T):
        if min(column.sum(), (~column).sum()) >= _LEAST_LABEL_ROWS:
            one = replace(rows, outputs=rows.outputs[:, [label]], targets=rows.targets[:, [label]])
            found[label] = _lowest(one)
    return found


def _lowest(rows: _Rows) -> float:
    """Returns the one temperature with the lowest log loss. The loss is convex in its inverse.

    One row more counts whose answer is the runner-up: without it, rows that are all right would ask
    for certainty, and the first wrong answer elsewhere would cost without bound.
    """
    from scipy.optimize import minimize_scalar

    width = np.log(LARGEST)
    wrong = replace(rows, targets=_runners_up(rows))

    def loss(x: float) -> float:
        values = np.exp([x])
        return float(rows.losses(values).sum() + wrong.losses(values).mean())

    found = minimize_scalar(
        loss,
        bounds=(-width, width),
        method="bounded",
        options={"xatol": 1e-3},
    )
    return float(np.clip(np.exp(found.x), 1 / LARGEST, LARGEST))


def _runners_up(rows: _Rows) -> np.ndarray:
    """Returns targets that are each row's second most likely class, or of label sets the less
    likely answer for each label."""
    if rows.label_sets:
        return np.asarray(rows.outputs < 0.5)
    return np.argsort(rows.outputs, axis=1)[:, -2:][:, 0]


def _figures(rows: _Rows, temperatures: np.ndarray) -> dict[str, list[float]]:
    """Returns {metric: [before, after]} of rows, `after` at temperatures (n, values)."""
    changed = (temperatures != 1).any(axis=1, keepdims=True)
    after = np.where(changed, tempered(rows.outputs, temperatures, rows.label_sets), rows.outputs)
    return {
        "log_loss": [float(log_losses(one, rows.targets).mean()) for one in (rows.outputs, after)],
        "calibration_error": [_error(one, rows.targets) for one in (rows.outputs, after)],
    }


def _error(outputs: np.ndarray, targets: np.ndarray) -> float:
    outputs = np.asarray(outputs, np.float64)
    if targets.ndim == 2:
        return distance(reliability_of(outputs.ravel(), targets.ravel()))
    right = outputs.argmax(axis=1) == targets
    return distance(reliability_of(outputs.max(axis=1), right))


def _plain(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)
