"""How the training of a model ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """How a run ended. The model holds the weights of the best epoch.

    Args:
        history: list of mappings, one per epoch: epoch (from 1), loss, scores, seconds.
        best_epoch: int from 1, or None without a validation table.
        stopped_early: bool, before the last epoch.
        was_finished: bool, nothing was left to train.
        weights: `{name: array}`, what the bundle holds.
        last_epoch: int, where it was ended before all planned epochs and could have gone on; the
            recipe's `training.last_epoch`.
    """

    history: list[dict[str, Any]]
    best_epoch: int | None
    stopped_early: bool
    was_finished: bool
    weights: dict[str, Any]
    last_epoch: int | None = None

    @property
    def seconds(self) -> float:
        return sum(entry["seconds"] for entry in self.history)
