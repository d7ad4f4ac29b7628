"""Keeps the best weights and says when to stop. Its state is part of every checkpoint."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from polymodal.core.errors import TrainingError
from polymodal.core.lookup import unknown

_SHARES = ("accuracy", "f1_macro")  # scores from 0 to 1 that count right rows


class Best:
    """The best epoch so far by one score on the validation table.

    Between equal scores the one with the lower validation loss is better: on small tables many
    epochs reach the same accuracy.

    Args:
        monitor: str, name of the score.
        mode: "max" or "min".
        patience: int, epochs without a better score before `stop` is True; None = never.
    """

    def __init__(self, monitor: str, mode: str, patience: int | None):
        self.monitor, self.mode, self.patience = monitor, mode, patience
        self.score: float | None = None
        self.loss = math.inf
        self.epoch: int | None = None
        self.waited = 0
        self.weights: dict[str, np.ndarray] | None = None

    def is_better(self, scores: dict[str, float]) -> bool:
        """Returns whether an epoch with these scores would be the best so far.

        Raises:
            TrainingError: the monitored score is absent.
        """
        if self.monitor not in scores:
            raise TrainingError("Early stopping follows a score that was not computed. "
                                + unknown("score", self.monitor, scores))
        score, loss = scores[self.monitor], scores.get("val_loss", math.inf)
        if math.isnan(score):
            return False
        if self.score is None:
            return True
        if score == self.score:
            return loss < self.loss
        return score > self.score if self.mode == "max" else score < self.score

    def keep(self, epoch: int, scores: dict[str, float], weights: dict[str, np.ndarray]) -> None:
        """Takes the epoch as the best."""
        self.score = float(scores[self.monitor])
        self.loss = float(scores.get("val_loss", math.inf))
        self.epoch, self.weights, self.waited = epoch, weights, 0

    def wait(self) -> None:
        """Counts an epoch that was not better."""
        self.waited += 1

    def by_chance(self, scores: dict[str, float], num_rows: int) -> bool:
        """Returns whether the best epoch leads these scores by no more than chance.

        The highest of many noisy scores flatters: on a small table the best epoch is an arbitrary
        one, while the last has been trained to the end. A share of rows leads by chance within two
        standard errors, or one row. Other scores have no known error; there the loss decides,
        which hears of every row how far off it is: who leads has the lower one.

        Args:
            scores: of the last epoch.
            num_rows: int, rows of the validation table.

        Source: the one-standard-error rule of Breiman et al., "Classification and Regression
        Trees" (1984); two, as the best of a hundred epochs lies that far above by luck alone.
        """
        if self.score is None or self.stop:
            return False
        if self.monitor not in _SHARES:
            return scores.get("val_loss", math.inf) < self.loss
        error = math.sqrt(self.score * (1 - self.score) / max(1, num_rows))
        return self.score - scores[self.monitor] <= max(2 * error, 1 / max(1, num_rows))

    @property
    def stop(self) -> bool:
        return self.patience is not None and self.waited >= self.patience

    def state(self) -> dict[str, Any]:
        """Returns all but the weights, as JSON values."""
        loss = None if math.isinf(self.loss) else self.loss
        return {"score": self.score, "loss": loss, "epoch": self.epoch, "waited": self.waited}

    def restore(self, state: dict[str, Any], weights: dict[str, np.ndarray] | None) -> None:
        self.score, self.epoch, self.waited = state["score"], state["epoch"], state["waited"]
        self.loss = math.inf if state["loss"] is None else state["loss"]
        self.weights = weights
