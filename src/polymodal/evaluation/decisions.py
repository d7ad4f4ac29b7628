"""The scored rows of predictions, and the predicted class of each."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError
from polymodal.core.printed.counting import counted

__all__ = ["decisions", "known", "probabilities", "whole_rows"]


def known(predictions: Predictions) -> Predictions:
    """Returns the scored part of `predictions`, checked to be finite.

    Raises:
        DataError: no row has a target, or an output is not a finite number.
    """
    if predictions.targets is None or not np.any(predictions.scored):
        raise DataError(
            "Scoring needs rows with a target. Got none. Add the target column to the table.",
            reason="no_target",
        )
    if np.all(predictions.scored):
        rest = predictions
    else:
        rest = predictions.take(predictions.scored)
    if rest.is_text:
        return rest
    _check_finite(rest)
    return rest


def _check_finite(rest: Predictions) -> None:
    finite = np.isfinite(rest.outputs).reshape(len(rest), -1).all(axis=1)
    if not finite.all():
        raise DataError(
            f"Scoring needs finite outputs. Got {counted(int(np.sum(~finite)), 'row')} with NaN or "
            f"infinity, the first is row {rest.rows[~finite][0] + 1}. Lower the learning rate and "
            "train again.",
            reason="not_finite",
        )


def decisions(rest: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Returns targets and predicted classes: (n,) int, or (n, classes) bool where a row may have
    several."""
    targets = np.asarray(rest.targets)
    if targets.ndim == 2:
        return targets.astype(bool), rest.answers
    return targets.astype(np.int64), rest.answers


def whole_rows(rest: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Returns the first output of each table row and whether every step of that row is right."""
    truth, guess = decisions(rest)
    _, first, row = np.unique(rest.rows, return_index=True, return_inverse=True)
    wrong = np.bincount(row, weights=truth != guess)
    return first, wrong == 0


def probabilities(rest: Predictions) -> np.ndarray:
    """Returns outputs as float64 that sum to one (float32 softmax misses it by rounding)."""
    outputs = np.asarray(rest.outputs, np.float64)
    return outputs / np.maximum(outputs.sum(axis=1, keepdims=True), 1e-12)
