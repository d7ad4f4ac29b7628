"""Early stopping: keeps the best epoch's weights. Its state is part of every checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from polymodal.core.errors import TrainingError
from polymodal.core.lookup import unknown

_CHANCE = 1.65  # standard errors of a mean difference: chance goes beyond in one of 20 cases
_TREND = 0.5  # up to which it says nothing at all
_FEWEST = 10  # validation rows (or groups), below which nothing can be told from chance
_LEAST_EPOCHS = 6  # worse ones in a row before a run is stopped
_SHARE = 0.15  # of all epochs that this takes in longer runs

Rows = np.ndarray  # (2, rows): loss and error of each validation row


class Best:
    """The epoch that is kept so far, and whether to stop.

    Epochs are compared on the same validation rows, row by row. The mean difference has a standard
    error, which separates chance from change even on few rows. Two measures are compared: the loss,
    which is sensitive, and the error (such as right or wrong), which matters: the loss of an
    overconfident model grows while its accuracy rises.

    The kept epoch is the one with the lowest loss. An epoch is worse than that if its loss or its
    error is larger by more than chance, and the other one is not smaller.
    If many epochs in a row are worse, the run stops with the kept one. Else the last epoch is
    kept: it has learned most, and the best of many is arbitrary.

    With `patience` the score decides: the kept epoch is the one with the best score, and between
    equal ones the one with the lower loss.

    Args:
        monitor: str, name of the score that decides where `patience` is given.
        mode: "max" or "min", which values of it are better.
        patience: int, epochs without a better score before `stop` is True; None = by rows.
        epochs: int, all epochs of the run. `may_stop` says whether it can stop before them.
        early: bool, whether to stop by rows.

    Source: paired differences as in Dietterich, "Approximate statistical tests for comparing
    supervised classification learning algorithms" (1998); stopping after several worse epochs, not
    at the first, as in Prechelt, "Early stopping - but when?" (1998), criterion UP.
    """

    def __init__(
        self, monitor: str, mode: str, patience: int | None, epochs: int = 1, early: bool = True
    ):
        self.monitor, self.mode, self.patience = monitor, mode, patience
        self.early, self.longest = early, max(_LEAST_EPOCHS, round(_SHARE * epochs))
        self.may_stop = epochs > (patience or self.longest) and bool(patience or early)
        self.score: float | None = None
        self.loss = math.inf
        self.epoch: int | None = None
        self.waited = 0  # epochs since the kept one
        self.worse = 0  # epochs in a row, up to the last, that are worse than the kept one
        self.weights: dict[str, np.ndarray] | None = None
        self.rows: Rows | None = None  # of the kept epoch

    def follow(
        self,
        epoch: int,
        scores: dict[str, float],
        rows: Rows,
        weights: Callable[[], dict[str, np.ndarray]],
    ) -> bool:
        """Compares a new epoch, and returns whether it is kept so far.

        Args:
            epoch: int from 0.
            scores: of the validation table, with `val_loss`.
            rows: (2, rows) loss and error of each validation row, always in the same order.
            weights: gives copies of the weights; called if the epoch is kept.

        Raises:
            TrainingError: the monitored score is absent.
        """
        if self.rows is None:
            gaps = None
        else:
            gaps = [gap(now, then) for now, then in zip(rows, self.rows, strict=True)]
        if self.patience:
            better = self._scores_better(scores)
        else:
            better = _is_better(gaps)
        if better:
            self.keep(epoch, scores, weights())
            self.rows = np.array(rows, np.float64)
            return True
        self.waited += 1
        self.worse = self.worse + 1 if _is_worse(gaps) else 0
        return False

    def keep(self, epoch: int, scores: dict[str, float], weights: dict[str, np.ndarray]) -> None:
        """Makes an epoch the kept one."""
        self.score = scores.get(self.monitor)
        self.loss = float(scores.get("val_loss", math.inf))
        self.epoch, self.weights, self.waited, self.worse = epoch, weights, 0, 0

    @property
    def stop(self) -> bool:
        """Whether the run should end with the kept epoch."""
        if self.patience:
            return self.waited >= self.patience
        return self.early and self._is_past

    @property
    def prefers_last(self) -> bool:
        """Whether the last epoch should be kept in the end: it is not worse than the kept one."""
        return not (self.stop or self._is_past)

    @property
    def _is_past(self) -> bool:
        return self.worse >= self.longest

    @property
    def reason(self) -> str:
        """Which epoch is kept and why, in a sentence; "" for the last one, as usual."""
        if self.epoch is None or not self.waited:
            return ""
        kept = f"Keeping epoch {self.epoch + 1}"
        if self.patience:
            return f"{kept}, of the best {self.monitor}."
        if self.worse == self.waited:
            return (
                f"{kept}: on the validation rows the {self.worse} epochs since are worse by more "
                "than chance."
            )
        return (
            f"{kept}: on the validation rows the last {self.worse} epochs are worse by more "
            "than chance."
        )

    def _scores_better(self, scores: dict[str, float]) -> bool:
        if self.monitor not in scores:
            raise TrainingError(
                "Early stopping follows a score that was not computed. "
                + unknown("score", self.monitor, scores)
            )
        score, loss = scores[self.monitor], scores.get("val_loss", math.inf)
        if math.isnan(score):
            return False
        if self.score is None:
            return True
        if score == self.score:
            return loss < self.loss
        if self.mode == "max":
            return score > self.score
        return score < self.score

    def state(self) -> dict[str, Any]:
        """Returns all but the arrays, as JSON values."""
        loss = None if math.isinf(self.loss) else self.loss
        return {
            "score": self.score,
            "loss": loss,
            "epoch": self.epoch,
            "waited": self.waited,
            "worse": self.worse,
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns what is known of the validation rows."""
        if self.rows is None:
            return {}
        return {"kept": self.rows}

    def restore(
        self,
        state: dict[str, Any],
        weights: dict[str, np.ndarray] | None,
        rows: dict[str, np.ndarray] | None = None,
    ) -> None:
        """Takes what `state`, `weights` and `arrays` were."""
        self.score, self.epoch, self.waited = state["score"], state["epoch"], state["waited"]
        self.loss = math.inf if state["loss"] is None else state["loss"]
        self.worse, self.weights = state["worse"], weights
        self.rows = (rows or {}).get("kept")


def gap(now: np.ndarray, then: np.ndarray) -> float:
    """Returns the mean difference of paired errors in its standard errors; 0 where the rows are
    too few to tell.

    Args:
        now: (rows,) errors.
        then: (rows,) errors of the same rows.
    """
    differences = np.asarray(now, np.float64) - then
    count, mean = len(differences), differences.mean()
    if count < _FEWEST or not mean:
        return 0.0
    error = differences.std(ddof=1) / math.sqrt(count)
    if error:
        return float(mean / error)
    return math.copysign(math.inf, mean)


def _is_better(gaps: list[float] | None) -> bool:
    """Returns whether an epoch is better than the kept one, by the gaps of loss and error."""
    if gaps is None:
        return True
    loss, error = gaps
    return loss < 0 and error < _TREND


def _is_worse(gaps: list[float] | None) -> bool:
    if gaps is None:
        return False
    loss, error = gaps
    return max(gaps) > _CHANCE and min(loss, error) > -_TREND
