"""Metrics of many resamples at once, for intervals and comparisons.

A resample is a column of counts: how often each row was sampled. Every metric of `metrics.score` is
a function of weighted sums over rows, so a thousand resamples are a few matrix products. Tests
prove each one equal to scikit-learn on the repeated rows. calibration_error is absent: resampling
adds noise to every bin, which pushes all its values above the one that was measured.
"""

from __future__ import annotations

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.target import Scores
from polymodal.evaluation.decisions import decisions, probabilities, whole_rows
from polymodal.evaluation.draws import counts, units
from polymodal.evaluation.text_scores import text_sums

__all__ = ["resampled", "weighted", "weighted_scores"]

_AUROC_CELLS = 25_000_000  # rows x classes x resamples that auroc may cost, about half a second
_AUROC_LEAST = 100


def resampled(rest: Predictions, num_samples: int, seed: int,
              only: str | None = None) -> dict[str, np.ndarray]:
    """Returns {metric: (samples,)} over bootstrap resamples; undefined values are nan.

    Args:
        rest: Predictions, scored rows only.
        num_samples: int, number of resamples.
        seed: int, key of the resamples. Equal units and seed give equal resamples, which makes a
            comparison of two models paired.
        only: str, the one metric wanted; None means all.
    """
    scores = rest.task.scores(rest, only)
    blocks = [scores(block) for block in counts(units(rest), num_samples, seed)]
    names = blocks[0].keys()
    return {name: np.concatenate([block[name] for block in blocks if name in block])
            for name in names}


def weighted_scores(rest: Predictions, only: str | None = None) -> Scores:
    """Returns a function from weights (n, samples) to {metric: (samples,)}, see `Task.scores`."""
    if rest.is_text:
        sums, scores = text_sums(rest)
        return lambda times: scores(times.T @ sums)
    return lambda times: weighted(rest, times, only)


def weighted(rest: Predictions, times: np.ndarray, only: str | None = None):
    """Returns {metric: (samples,)} for counts (n, samples)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if rest.task.name == "regression":
            return _regression(rest, times)
        if rest.task.name == "seq2seq":
            return _seq2seq(rest, times)
        if only == "accuracy":
            return {only: _accuracy(rest, times)}
        found = _classes(rest, times)
        if only in (None, "auroc"):
            found.update(_auroc(rest, times))
        return found


def _regression(rest: Predictions, times: np.ndarray) -> dict[str, np.ndarray]:
    truth = np.asarray(rest.targets, np.float64).ravel()
    guess = np.asarray(rest.outputs, np.float64).ravel()
    truth, guess = truth - truth.mean(), guess - truth.mean()  # sums of squares stay small
    total = times.sum(axis=0)

    def mean(values):
        return values @ times / total

    squared = mean((guess - truth) ** 2)
    spread = mean(truth**2) - mean(truth) ** 2
    spread_guess = mean(guess**2) - mean(guess) ** 2
    together = mean(truth * guess) - mean(truth) * mean(guess)
    return {"mae": mean(np.abs(guess - truth)), "rmse": np.sqrt(squared),
            "r2": np.where(spread > 1e-15, 1 - squared / spread, np.nan),
            "pearson": together / np.sqrt(spread * spread_guess)}


def _seq2seq(rest: Predictions, times: np.ndarray) -> dict[str, np.ndarray]:
    truth, guess = decisions(rest)
    first, right = whole_rows(rest)
    return {"accuracy": (truth == guess) @ times / times.sum(axis=0),
            "exact_match": right @ times[first] / times[first].sum(axis=0)}


def _accuracy(rest: Predictions, times: np.ndarray) -> np.ndarray:
    truth, guess = decisions(rest)
    right = (truth == guess).all(axis=1) if truth.ndim == 2 else truth == guess
    return right @ times / times.sum(axis=0)


def _classes(rest: Predictions, times: np.ndarray) -> dict[str, np.ndarray]:
    truth, guess = decisions(rest)
    total, many = times.sum(axis=0), rest.task.name == "multilabel"
    found = {"accuracy": _accuracy(rest, times)}
    hit, said, real = (_per_class(part, rest, times) for part in _members(truth, guess))
    f1 = 2 * hit / (said + real)  # (classes, samples), nan where the class is absent
    found["f1_macro"] = np.nansum(f1, axis=0) / np.sum(said + real > 0, axis=0)
    found["f1_weighted"] = np.nansum(f1 * real, axis=0) / real.sum(axis=0)
    if many:
        found["f1_micro"] = 2 * hit.sum(axis=0) / (said + real).sum(axis=0)
    elif rest.outputs.shape[1] > 1:
        chance = probabilities(rest)[np.arange(len(rest)), truth]
        found["log_loss"] = -np.log(np.clip(chance, np.finfo(np.float64).eps, 1)) @ times / total
    return found


def _members(truth: np.ndarray, guess: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns who is a hit, who is predicted, who is real: class ids (-1 none) or bool (n, c)."""
    if truth.ndim == 2:
        return truth & guess, guess, truth
    return np.where(truth == guess, truth, -1), guess, truth


def _per_class(member: np.ndarray, rest: Predictions, times: np.ndarray) -> np.ndarray:
    """Returns (classes, samples): how many resampled rows are members of each class."""
    from scipy.sparse import csr_matrix

    if member.ndim == 2:
        return member.T.astype(np.float64) @ times
    rows = np.flatnonzero(member >= 0)
    shape = (rest.outputs.shape[1], len(member))
    return csr_matrix((np.ones(len(rows)), (member[rows], rows)), shape) @ times


def _auroc(rest: Predictions, times: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the mean over classes of the area under the curve, by ranks, for each resample.

    With many rows and classes fewer resamples are used, and none if even a hundred cost too much.
    """
    size = rest.outputs.shape[0] * rest.outputs.shape[1]
    wanted = max(_AUROC_LEAST, _AUROC_CELLS // size)
    if _AUROC_LEAST * size > 12 * _AUROC_CELLS:
        return {}
    truth, _ = decisions(rest)
    chance = rest.outputs if truth.ndim == 2 else probabilities(rest)
    drawn = times[:, :wanted].astype(np.float32)
    areas = np.full((chance.shape[1], drawn.shape[1]), np.nan)
    for i in range(chance.shape[1]):
        member = truth[:, i] if truth.ndim == 2 else truth == i
        if member.any() and not member.all():
            areas[i] = _area(member, chance[:, i], drawn)
    defined = np.sum(np.isfinite(areas), axis=0)
    return {"auroc": np.nansum(areas, axis=0) / np.where(defined, defined, np.nan)}


def _area(member: np.ndarray, chance: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    order = np.argsort(chance, kind="stable")
    ranked, drawn = chance[order], drawn[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])  # ties share one rank
    real = np.add.reduceat(drawn * member[order, None], starts, axis=0)
    rest = np.add.reduceat(drawn * ~member[order, None], starts, axis=0)
    below = np.cumsum(rest, axis=0) - rest / 2
    pairs = real.sum(axis=0, dtype=np.float64) * rest.sum(axis=0, dtype=np.float64)
    return (real * below).sum(axis=0, dtype=np.float64) / np.where(pairs > 0, pairs, np.nan)
