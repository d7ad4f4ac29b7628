"""Chooses how answers follow from probabilities, by validation rows and not by habit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.counting import counted
from polymodal.core.seeds import generator
from polymodal.evaluation.comparing.compare import Comparison, compare
from polymodal.evaluation.decisions import known
from polymodal.evaluation.scores.f1 import f1_scores
from polymodal.evaluation.trust.decision import TRAINING, Decision, chosen
from polymodal.evaluation.trust.fit_temperature import folds_of
from polymodal.evaluation.trust.temperature import has_label_sets

__all__ = ["decide", "decision_words", "log_odds", "skew_words"]

METRIC = "f1_macro"
SKEWED = 5.0  # times the rows of the rarest class that the most frequent one has
_FEWEST = 20  # validation rows, below which nothing is compared
_MOST_ROWS = 20_000  # validation rows that are compared
_MOST_CLASSES = 50  # for each of which a threshold is tuned in a moment
_TAUS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
_LEVEL = 0.9  # of the interval: chance alone ends above 0 in one of 20 cases, as in early stopping
_ROUNDS = 3  # over all classes, of thresholds
_STEPS = np.linspace(-4, 4, 33)  # log odds that a threshold is moved by
_FEWEST_OF_CLASS = 5  # validation rows, below which a class has no threshold of its own


class _Way(NamedTuple):
    """One way to find a shift on some rows: (shift, tau)."""

    kind: str
    fit: Callable[[Predictions], tuple[np.ndarray, float]]


def skew_words(shares: np.ndarray, labels: Sequence[str], num_rows: int) -> str:
    """Returns how skewed the classes of train are: "zero has 160 of 486 rows, nine 6"; "" where
    they are not.

    Args:
        shares: (classes,) float, share of the rows that have each class.
        labels: names of the classes.
        num_rows: int, rows, or steps.
    """
    most, least = int(np.argmax(shares)), int(np.argmin(shares))
    if len(shares) < 2 or shares[most] < SKEWED * shares[least]:
        return ""
    counts = [round(float(shares[place]) * num_rows) for place in (most, least)]
    return (
        f'"{labels[most]}" has {counts[0]:,} of {num_rows:,} rows, "{labels[least]}" {counts[1]:,}'
    )


def log_odds(shares: np.ndarray, label_sets: bool) -> np.ndarray:
    """Returns what logit adjustment takes off: the log share of each class, or its log odds."""
    if label_sets:
        return np.log(shares) - np.log1p(-shares)
    return np.log(shares)


def decide(
    found: Predictions,
    shares: np.ndarray,
    asked: str,
    skewed: str,
    prior: np.ndarray | None = None,
    split: str = "",
) -> Decision | None:
    """Returns how answers are chosen, or None where nothing but the most probable one is needed.

    Without a wish, the ways are fitted on a part of the validation rows and compared on the rest
    (five folds): one is kept only if it beats the plain answers in F1 by more than chance.

    Args:
        found: Predictions of validation rows, with the probabilities that are stated.
        shares: (classes,) float, share of the rows of train that have each class.
        asked: str, one of DECISIONS.
        skewed: str, what `skew_words` gave.
        prior: (classes,) float, what training added to the log odds, or None.
        split: str, the part of the data that `found` is of.
    """
    size = len(shares)
    own = np.zeros(size) if prior is None else np.asarray(prior, np.float64)
    kind = "most_probable" if prior is None or asked == "most_probable" else TRAINING
    shift = np.zeros(size) if kind == "most_probable" else own
    base = Decision(kind, _plain(shift), _plain(own) if own.any() else (), skewed=skewed)
    if asked == "most_probable" or (asked == "auto" and not skewed):
        if prior is not None:
            return base
        return None
    if not found.scored.any() or len(known(found)) < _FEWEST:
        return base
    rest, odds = known(found), log_odds(shares, has_label_sets(found))
    if len(rest) > _MOST_ROWS:
        rest = rest.take(np.sort(generator(0).permutation(len(rest))[:_MOST_ROWS]))
    ways = [_Way("logit_adjustment", lambda rows: _best_tau(rows, odds))]
    if size <= _MOST_CLASSES or asked == "thresholds":
        ways.append(_Way("thresholds", lambda rows: (_thresholds(rows, shift), 0.0)))
    if asked != "auto":
        ways = [way for way in ways if way.kind == asked]
    return _compared(base, rest, ways, asked, split)


def _compared(
    base: Decision, rest: Predictions, ways: Sequence[_Way], asked: str, split: str
) -> Decision:
    """Returns the best of some ways, or `base` where none is better by more than chance."""
    plain = base(rest)
    tried = []
    for way in ways:
        gap = compare(_crossed(rest, way), plain, METRIC, level=_LEVEL)
        tried.append((gap, way))
    gap, way = max(tried, key=lambda one: one[0].difference)
    told = {
        "split": split,
        "num_rows": len(np.unique(rest.rows)),
        "figures": {METRIC: [gap.second, gap.first]},
        "interval": _bounds(gap),
    }
    if asked == "auto" and gap.better != "first":
        return replace(base, **told)
    shift, tau = way.fit(rest)
    return replace(base, kind=way.kind, shift=_plain(shift), tau=tau, **told)


def _bounds(gap: Comparison) -> list[float] | None:
    if gap.interval is None or not np.isfinite(gap.interval).all():
        return None
    return [float(value) for value in gap.interval]


def _crossed(rest: Predictions, way: _Way) -> Predictions:
    """Returns predictions whose answers are chosen by a shift that was fitted on other rows."""
    fold_of = folds_of(rest)
    folds = np.array([fold_of[int(row)] for row in rest.rows])
    answers = rest.answers.copy()
    for fold in np.unique(folds):
        here = folds == fold
        shift, _ = way.fit(rest.take(~here) if not here.all() else rest)
        answers[here] = chosen(rest.outputs[here], shift, has_label_sets(rest))
    return replace(rest, chosen=answers)


def _f1(rest: Predictions, shift: np.ndarray) -> float:
    sets = has_label_sets(rest)
    truth = np.asarray(rest.targets).astype(bool if sets else np.int64)
    guess = chosen(rest.outputs, shift, sets)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(f1_scores(truth, guess, len(shift), np.ones((len(rest), 1)))[METRIC][0])


def _best_tau(rest: Predictions, odds: np.ndarray) -> tuple[np.ndarray, float]:
    """Returns the shift of logit adjustment with the best tau, the smaller one of equal ones."""
    scores = [_f1(rest, -tau * odds) for tau in _TAUS]
    tau = _TAUS[int(np.argmax(scores))]
    return -tau * odds, tau


def _thresholds(rest: Predictions, start: np.ndarray) -> np.ndarray:
    """Returns a shift of each class in turn that is best for F1, the others as they are; classes
    with few rows keep theirs."""
    shift, targets = np.array(start, np.float64), np.asarray(rest.targets)
    if targets.ndim == 2:
        counts = targets.astype(bool).sum(axis=0)
    else:
        counts = np.bincount(targets.astype(np.int64), minlength=len(shift))
    for _ in range(1 if targets.ndim == 2 else _ROUNDS):
        before = shift.copy()
        for place in np.flatnonzero(counts >= _FEWEST_OF_CLASS):
            shift[place] = start[place] + _best_step(rest, shift, start, int(place))
        if (shift == before).all():
            break
    return shift


def _best_step(rest: Predictions, shift: np.ndarray, start: np.ndarray, place: int) -> float:
    """Returns the step with the best F1, of equal ones the smallest."""
    scores = []
    for step in _STEPS:
        moved = shift.copy()
        moved[place] = start[place] + step
        scores.append(_f1(rest, moved))
    best = np.flatnonzero(np.isclose(scores, max(scores)))
    return float(_STEPS[best[np.argmin(np.abs(_STEPS[best]))]])


def _plain(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in np.clip(values, -50, 50))


def decision_words(decision: Decision | None) -> list[str]:
    """Returns sentences on how answers are chosen and why; none where nothing is special."""
    if decision is None:
        return []
    said = []
    if decision.kind == TRAINING:
        said.append(
            "Training made up for rare classes, and answers are chosen as it was trained "
            "to; the probabilities are those of a table as skewed as train."
        )
    if decision.split:
        said.append(_compared_words(decision))
    elif decision.kind == "logit_adjustment":
        said.append(
            f"Answers are chosen with logit adjustment (tau {decision.tau:g}), as asked, "
            "not as the most probable class. No validation rows were compared."
        )
    elif decision.skewed:
        said.append(
            f"The classes are skewed ({decision.skewed}). There are too few validation "
            "rows to compare ways to choose answers."
        )
    return said


def _compared_words(decision: Decision) -> str:
    before, after = decision.figures[METRIC]
    rows = f"{counted(decision.num_rows, 'row')} of {decision.split}"
    bounds = ""
    if decision.interval is not None:
        low, high = decision.interval
        bounds = f"; 90 % interval of the paired difference {low:+.3f} to {high:+.3f}"
    why = f"The classes are skewed ({decision.skewed}). " if decision.skewed else ""
    if decision.kind in ("most_probable", TRAINING):
        return (
            f"{why}Neither logit adjustment nor thresholds are better on {rows} by more than "
            f"chance (F1, macro, {before:.3f}, at best {after:.3f}, cross-fitted{bounds}), so "
            "answers are chosen as before."
        )
    named = {
        "logit_adjustment": f"logit adjustment (tau {decision.tau:g})",
        "thresholds": "a threshold for each class",
    }[decision.kind]
    return (
        f"{why}Answers are chosen with {named}, not as the most probable class: on {rows} F1, "
        f"macro, goes from {before:.3f} to {after:.3f} (cross-fitted{bounds}). The "
        "probabilities stay those of a table as skewed as train."
    )
