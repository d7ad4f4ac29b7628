"""What one training of a curve is worth: its score, and those on resampled rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.disk.files import write_atomic
from polymodal.evaluation.decisions import known
from polymodal.evaluation.row_errors import row_errors

__all__ = ["Scored", "best_value", "read_scored", "scored"]

_BEST = {"cider_d": 10.0}  # of metrics whose best value is not 1


@dataclass(frozen=True)
class Scored:
    """The headline score of one training.

    Args:
        value: float.
        draws: (draws,) on resampled rows.
        rows: (n,) int, scored rows of the table.
        errors: (n,) of each row, or nothing where single rows have none.
        seconds: float, that training and scoring took.
        blind: float, the score of a model that sees no input.
    """

    value: float
    draws: np.ndarray
    rows: np.ndarray
    errors: np.ndarray
    seconds: float
    blind: float

    def write(self, path: Path) -> None:
        """Writes a file, whole or not at all."""
        import io

        buffer = io.BytesIO()
        np.savez(
            buffer,
            value=self.value,
            draws=self.draws,
            rows=self.rows,
            errors=self.errors,
            seconds=self.seconds,
            blind=self.blind,
        )
        write_atomic(path, buffer.getvalue())


def read_scored(path: Path) -> Scored | None:
    """Returns what a file holds; None where there is none."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as found:
        return Scored(
            float(found["value"]),
            found["draws"],
            found["rows"],
            found["errors"],
            float(found["seconds"]),
            float(found["blind"]),
        )


def scored(
    predictions: Predictions, held: np.ndarray, weights: np.ndarray, seconds: float
) -> Scored:
    """Scores predictions.

    Args:
        predictions: Predictions on the rows held out.
        held: (n,) int, row of the resampled table that each row of `predictions` is.
        weights: (rows, draws) how often each row of that table counts.
        seconds: float, that it took to train and predict.
    """
    rest = known(predictions)
    scores, headline = rest.task.scores(rest), rest.task.headline
    value = float(scores(np.ones((len(rest), 1)), headline)[headline][0])
    draws = scores(weights[held[rest.rows]], headline)[headline]
    found = row_errors(predictions)
    if found is None:
        rows, errors = np.zeros(0, int), np.zeros(0)
    else:
        rows, errors = held[found.rows], found.errors
    return Scored(
        value, np.where(np.isfinite(draws), draws, value), rows, errors, seconds, _blind(rest)
    )


def _blind(rest: Predictions) -> float:
    """Returns the score of the majority, the mean or the like, of the scored rows themselves."""
    targets: Any = rest.targets
    if rest.is_text:
        targets = [text for texts in targets for text in texts]
    outputs = rest.task.baseline(rest, targets)
    scores = rest.task.scores(replace(rest, outputs=outputs, chosen=None))
    return float(scores(np.ones((len(rest), 1)), rest.task.headline)[rest.task.headline][0])


def best_value(task: Task) -> float | None:
    """Returns the best value of a task's headline; None where less is better, down to 0."""
    if not task.higher_is_better(task.headline):
        return None
    return _BEST.get(task.headline, 1.0)
