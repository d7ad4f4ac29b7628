"""Runs a model over the validation table and scores what it says."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from polymodal.core import faults
from polymodal.inference.outputs import Output, outputs

Score = Callable[[list[Output]], dict[str, float]]


def validate(
    model: Any, task: Any, loader: Any, score: Score | None, between: Callable[[], None]
) -> dict[str, float]:
    """Returns `val_loss` and the scores of a model on a validation table.

    Args:
        model: keras.Model whose outputs are logits.
        task: task object; one that writes sequences is scored on what it writes by itself.
        loader: object with `epoch` and `rows_of`.
        score: function from the outputs of all batches to named scores, or None.
        between: called after each batch; it may raise to stop the run.
    """
    faults.point("validation_started")
    loss = task.loss()
    seen, total, count = [], 0.0, 0.0
    for output in outputs(model, loader, what="Validating"):
        valid = float(np.count_nonzero(output.weights))
        total += valid * float(loss(output.targets, output.logits, output.weights))
        count += valid
        seen.append(output)
        between()
    scores = {"val_loss": total / count if count else math.nan}
    if score is not None:
        if getattr(task, "autoregressive", False):  # scored as it is used: on its own outputs
            seen = list(outputs(model, loader, task, what="Validating"))
        scores |= {name: float(value) for name, value in score(seen).items()}
    faults.point("validation_finished")
    return scores
