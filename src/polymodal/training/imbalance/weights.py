"""What makes up for rare classes in training: which rows come how often, and which loss they have.

`prior` says what a method does to the probabilities that the model learns, so that they can be
undone: a model that sees all classes equally often states probabilities of such a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Task
from polymodal.core.errors import RecipeError
from polymodal.training.imbalance.settings import Imbalance, imbalance_of

__all__ = [
    "Weights",
    "chances_of",
    "check_decision",
    "check_imbalance",
    "frequencies",
    "weights_of",
]


@dataclass(frozen=True)
class Weights:
    """How a training makes up for rare classes.

    Args:
        chances: (rows,) float, how often each row comes whose target is known, or None for once.
        of_classes: (classes,) float, weight of the rows of each class, or None for 1.
        loss: function from the task's loss to that which is trained, or None.
        prior: (classes,) float, what the method adds to the log odds of each class, against those
            of the table; None for nothing.
    """

    chances: np.ndarray | None = None
    of_classes: np.ndarray | None = None
    loss: Callable[[Any], Any] | None = None
    prior: np.ndarray | None = None


def check_imbalance(task: Task, autoregressive: bool, imbalance: Imbalance) -> None:
    """Raises RecipeError where a task has no classes that could be rare."""
    if imbalance.method == "none":
        return
    if not task.has_classes or autoregressive:
        raise RecipeError(
            f"training.imbalance: {imbalance.method} needs a task whose answers are "
            f"classes. Got task: {task.name}. Leave it out."
        )
    if imbalance.method == "balanced_sampling" and task.stepwise:
        raise RecipeError(
            "training.imbalance: balanced_sampling needs one answer per row. "
            f"Got task: {task.name}, which answers each step. Use "
            "effective_number or logit_adjustment."
        )


def check_decision(task: Task, autoregressive: bool, decision: str, has_val: bool) -> None:
    """Raises RecipeError where `training.decision` asks for what a run cannot have."""
    if decision in ("auto", "most_probable"):
        return
    if not task.has_classes or autoregressive:
        raise RecipeError(
            f"training.decision: {decision} needs a task whose answers are classes. "
            f"Got task: {task.name}. Leave it out."
        )
    if decision == "thresholds" and not has_val:
        raise RecipeError(
            "training.decision: thresholds needs validation rows, which they are "
            "tuned on. Got none held out. Give a table with --val, or use "
            "logit_adjustment."
        )


def frequencies(targets: Any, num_classes: int) -> np.ndarray:
    """Returns (classes,) float, the share of rows, or steps, that have each class; never 0.

    Args:
        targets: (n,) classes, or (n, classes) bool.
        num_classes: int.
    """
    targets = np.asarray(targets)
    if targets.ndim == 2:
        counts, total = targets.sum(axis=0), len(targets)
    else:
        known = targets.astype(np.int64)
        counts, total = np.bincount(known[known >= 0], minlength=num_classes), len(known)
    return np.clip(counts, 0.5, max(total - 0.5, 0.5)) / max(1, total)


def weights_of(prepared: Any, settings: Any) -> Weights:
    """Returns what `training.imbalance` makes of the rows of train.

    Args:
        prepared: Prepared.
        settings: Training.

    Raises:
        RecipeError: the task has no classes that could be rare.
    """
    imbalance = imbalance_of(settings.imbalance)
    if imbalance.method == "none":
        return Weights()
    check_imbalance(prepared.task, prepared.target.is_fed_back, imbalance)
    targets = np.asarray(prepared.train_targets())
    shares = frequencies(targets, len(prepared.target.labels))
    return _MADE[imbalance.method](imbalance, targets, shares)


def chances_of(
    chances: np.ndarray | None, rows: np.ndarray, wanted: np.ndarray
) -> np.ndarray | None:
    """Returns how often each of some rows comes; those without a target as often as on average.

    Args:
        chances: of `Weights`, for `rows`, or None.
        rows: (n,) rows of the table whose target is known.
        wanted: (m,) rows of the table that are trained on, perhaps repeated.
    """
    if chances is None:
        return None
    known = dict(zip(rows.tolist(), chances.tolist(), strict=True))
    usual = float(chances.mean())
    return np.array([known.get(row, usual) for row in wanted.tolist()])


def _balanced(imbalance: Imbalance, targets: np.ndarray, shares: np.ndarray) -> Weights:
    """Draws each class equally often; a row of several labels as often as its rarest."""
    if targets.ndim == 1:
        chances = 1 / shares[targets.astype(np.int64)]
        return Weights(chances=chances, prior=-np.log(shares))
    member = targets.astype(bool)
    rarest = np.where(member, shares, np.inf).min(axis=1)
    without = ~member.any(axis=1)
    chances = 1 / np.where(without, max(without.mean(), shares.min()), rarest)
    seen = np.clip((member * chances[:, None]).sum(axis=0) / chances.sum(), 1e-6, 1 - 1e-6)
    return Weights(chances=chances, prior=_odds(seen) - _odds(shares))


def _effective(imbalance: Imbalance, targets: np.ndarray, shares: np.ndarray) -> Weights:
    """Weighs classes by the inverse of their effective number of rows (Cui et al., equation 4),
    scaled so that rows weigh 1 on average; of several labels the rows that have one."""
    counts = shares * len(targets)
    weights = (1 - imbalance.beta) / -np.expm1(counts * np.log(imbalance.beta))
    if targets.ndim == 1:
        weights = weights / (weights * shares).sum()
        return Weights(of_classes=weights, prior=np.log(weights))
    weights = weights / weights.min()  # labels that are frequent weigh as they are
    return Weights(loss=_weighted(weights), prior=np.log(weights))


def _adjusted(imbalance: Imbalance, targets: np.ndarray, shares: np.ndarray) -> Weights:
    """Adds tau times the log odds of each class to its logits in the loss."""
    odds = np.log(shares) if targets.ndim == 1 else _odds(shares)
    offsets = imbalance.tau * odds

    def loss(own: Any) -> Any:
        from polymodal.layers.rare_losses import AdjustedLoss

        return AdjustedLoss(own, offsets)

    return Weights(loss=loss, prior=-offsets)


def _focal(imbalance: Imbalance, targets: np.ndarray, shares: np.ndarray) -> Weights:
    """Lets rows count less that are answered well."""

    def loss(own: Any) -> Any:
        from polymodal.layers.rare_losses import FocalLoss

        return FocalLoss(own, imbalance.gamma, targets.ndim == 2)

    return Weights(loss=loss)


def _weighted(weights: np.ndarray) -> Callable[[Any], Any]:
    def loss(own: Any) -> Any:
        from polymodal.layers.rare_losses import LabelWeightedLoss

        return LabelWeightedLoss(own, weights)

    return loss


def _odds(shares: np.ndarray) -> np.ndarray:
    return np.log(shares) - np.log1p(-shares)


_MADE = {
    "balanced_sampling": _balanced,
    "effective_number": _effective,
    "logit_adjustment": _adjusted,
    "focal": _focal,
}
