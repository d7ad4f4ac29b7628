"""Runs a model over the validation table and scores its outputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from polymodal.core import faults
from polymodal.evaluation.row_errors import RowErrors
from polymodal.inference.outputs import Output, outputs

Score = Callable[[list[Output]], dict[str, float]]


class Validation(NamedTuple):
    """The result of a validation.

    Args:
        scores: {name: value}, `val_loss` first.
        rows: (2, rows) float64, loss and error of each row, or of each group of rows, always in
            the same order. Sums over steps, so that they compare only with themselves.
    """

    scores: dict[str, float]
    rows: np.ndarray


def validate(
    model: Any,
    task: Any,
    loader: Any,
    score: Score | None,
    between: Callable[[], None],
    row_errors: Callable[[], RowErrors | None] | None = None,
) -> Validation:
    """Returns `val_loss`, the scores of a model on a validation table, and the errors of its rows.

    Args:
        model: keras.Model whose outputs are logits.
        task: task object; one that generates sequences is scored on generated ones.
        loader: object with `epoch` and `rows_of`.
        score: function from the outputs of all batches to named scores, or None.
        between: called after each batch; it may raise to stop the run.
        row_errors: gives the errors of the rows that were scored last; None = their losses.
    """
    faults.point("validation_started")
    loss = task.loss()
    seen, total, count = [], 0.0, 0.0
    losses: dict[int, float] = {}
    for output in outputs(model, loader):
        valid = float(np.count_nonzero(output.weights))
        total += valid * float(loss(output.targets, output.logits, output.weights))
        count += valid
        losses |= _row_losses(loss, output)
        seen.append(output)
        between()
    scores = {"val_loss": total / count if count else math.nan}
    if score is not None:
        if task.autoregressive:  # scored as in prediction: on its own outputs
            seen = list(outputs(model, loader, task))
        scores |= {name: float(value) for name, value in score(seen).items()}
    faults.point("validation_finished")
    return Validation(scores, _rows(losses, row_errors() if row_errors else None))


def _row_losses(loss: Any, output: Output) -> dict[int, float]:
    """Returns the loss of each row that counts, added up over its steps."""
    values = loss.call(ops.convert_to_tensor(output.targets), ops.convert_to_tensor(output.logits))
    values = np.asarray(ops.convert_to_numpy(values), np.float64)
    counts = np.asarray(output.weights) > 0  # (batch,) or (batch, time)
    values = np.where(counts, values, 0.0).reshape(len(counts), -1).sum(axis=1)
    real = (output.rows >= 0) & counts.reshape(len(counts), -1).any(axis=1)
    return {
        int(row): float(value) for row, value in zip(output.rows[real], values[real], strict=True)
    }


def _rows(losses: dict[int, float], found: RowErrors | None) -> np.ndarray:
    """Returns (2, groups) losses and errors, each added up over the rows of a group."""
    if found is None:
        values = np.array([losses[row] for row in sorted(losses)])
        return np.stack([values, values])
    place = np.unique(found.groups, return_inverse=True)[1]
    own = np.array([losses.get(int(row), 0.0) for row in found.rows])
    return np.stack([np.bincount(place, weights=one) for one in (own, found.errors)])
