"""Scores of predictions over the rows whose target is known."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.task import Predictions, Scores
from polymodal.evaluation.decisions import known

__all__ = ["measured", "score"]


def score(predictions: Predictions) -> dict[str, float]:
    """Returns the metrics of the task, over the rows whose target is known.

    Args:
        predictions: Predictions with at least one scored row.

    Returns:
        {metric: value}, the task's own first. A metric that is undefined, such as auroc with one
        class, is left out; of texts it is nan.

    Raises:
        DataError: no row has a target, or an output is not a finite number.
    """
    rest = known(predictions)
    return measured(rest, rest.task.scores(rest))


def measured(rest: Predictions, scores: Scores) -> dict[str, float]:
    """Returns the metrics of rows that all have a target, whose scores are known."""
    values = scores(np.ones((len(rest), 1)))
    found = {name: float(value[0]) for name, value in values.items()} | scores.fixed()
    return {name: value for name, value in found.items() if rest.is_text or np.isfinite(value)}
