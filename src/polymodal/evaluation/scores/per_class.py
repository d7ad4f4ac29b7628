"""Scores of each class, and of each position of a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.decisions import decisions, known

__all__ = ["accuracy_by_position", "per_class"]

_ZERO: Any = 0  # precision of a class that is never predicted; type hints know only strings


def per_class(predictions: Predictions) -> list[dict]:
    """Returns precision, recall, f1, support and number predicted of each class that occurs.

    Returns:
        list of {"label", "precision", "recall", "f1", "support", "predicted"} in label order;
        empty where answers are no classes.
    """
    from sklearn.metrics import precision_recall_fscore_support

    if not predictions.task.has_classes:
        return []
    rest = known(predictions)
    truth, guess = decisions(rest)
    every = np.arange(rest.outputs.shape[1])
    values: Any = precision_recall_fscore_support(truth, guess, labels=every, zero_division=_ZERO)
    if guess.ndim == 2:
        predicted = guess.sum(axis=0)
    else:
        predicted = np.bincount(guess, minlength=len(every))
    return [
        {
            "label": rest.labels[i],
            "precision": float(values[0][i]),
            "recall": float(values[1][i]),
            "f1": float(values[2][i]),
            "support": int(values[3][i]),
            "predicted": int(predicted[i]),
        }
        for i in every
        if values[3][i] or predicted[i]
    ]


def accuracy_by_position(predictions: Predictions) -> list[dict]:
    """Returns, for a sequence task, accuracy and number of outputs at each step from 0.

    Returns:
        list of {"step", "accuracy", "n"}; empty when the predictions have no steps, or are numbers.
    """
    if predictions.steps is None or predictions.task.has_numbers:
        return []
    rest = known(predictions)
    truth, guess = decisions(rest)
    steps = np.asarray(rest.steps)
    count = np.bincount(steps)
    right = np.bincount(steps, weights=truth == guess)
    return [
        {"step": int(i), "accuracy": float(right[i] / count[i]), "n": int(count[i])}
        for i in np.flatnonzero(count)
    ]
