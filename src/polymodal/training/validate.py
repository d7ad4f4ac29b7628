"""Runs a model over the validation table and scores what it says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from polymodal.core import faults


class Output(NamedTuple):
    """What a model said about one batch, beside what was right.

    Args:
        rows: (batch,) int, rows of the table, -1 where a row only fills the batch.
        logits: (batch, ...) float32.
        targets: what the loss sees, (batch, ...).
        weights: (batch,) or (batch, time) float32, 0 where nothing is to be scored.
    """

    rows: np.ndarray
    logits: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


Score = Callable[[list[Output]], dict[str, float]]


def outputs(model: Any, loader: Any) -> Iterator[Output]:
    """Yields what the model says about each batch of a loader, in the loader's first epoch."""
    for step, (inputs, targets, weights) in enumerate(loader.epoch(0, 0)):
        logits = keras.ops.convert_to_numpy(model.predict_on_batch(inputs))
        faults.point("validation_step")
        yield Output(loader.rows_of(0, step), np.asarray(logits, "float32"), targets, weights)


def validate(
    model: Any, loss: Any, loader: Any, score: Score | None, between: Callable[[], None]
) -> dict[str, float]:
    """Returns `val_loss` and the scores of a model on a validation table.

    Args:
        model: keras.Model whose outputs are logits.
        loss: keras loss with reduction "sum".
        loader: object with `epoch` and `rows_of`.
        score: function from the outputs of all batches to named scores, or None.
        between: called after each batch; it may raise to stop the run.
    """
    faults.point("validation_started")
    seen, total, count = [], 0.0, 0.0
    for output in outputs(model, loader):
        valid = float(np.count_nonzero(output.weights))
        total += valid * float(loss(output.targets, output.logits, output.weights))
        count += valid
        seen.append(output)
        between()
    scores = {"val_loss": total / count if count else math.nan}
    if score is not None:
        scores |= {name: float(value) for name, value in score(seen).items()}
    faults.point("validation_finished")
    return scores
