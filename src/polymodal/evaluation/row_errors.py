"""The error of each row, for paired comparisons of models or epochs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.evaluation.decisions import decisions, known
from polymodal.evaluation.text_scores import text_sums

__all__ = ["RowErrors", "errors_of", "row_errors"]


class RowErrors(NamedTuple):
    """The error of each row, and the groups of rows.

    Args:
        rows: (n,) int, rows of the table, ascending.
        errors: (n,) float64.
        groups: (n,), equal where rows are of one group.
    """

    rows: np.ndarray
    errors: np.ndarray
    groups: np.ndarray


def row_errors(predictions: Predictions) -> RowErrors | None:
    """Returns the error of each row, in units that a person would count.

    That is 1 for a wrong label, the share of labels that are wrong among those that are true or
    predicted, the absolute error of a number, the wrong words of a transcript. Steps of a sequence
    add up.

    Args:
        predictions: Predictions with at least one scored row.

    Returns:
        RowErrors, or None if single rows have no meaningful error, as for captions.
    """
    if predictions.task.name == "caption":
        return None
    rest = known(predictions)
    rows, first, place = np.unique(rest.rows, return_index=True, return_inverse=True)
    errors = np.bincount(place, weights=errors_of(rest), minlength=len(rows))
    groups = rows if rest.groups is None else np.asarray(rest.groups)[first]
    return RowErrors(rows, errors, groups)


def errors_of(rest: Predictions) -> np.ndarray:
    """Returns (n,) float64, the error of each output."""
    if rest.task.name == "transcribe":
        return text_sums(rest)[0][:, 0].astype(np.float64)
    if rest.task.name == "regression":
        return np.abs(np.asarray(rest.targets, np.float64) - np.asarray(rest.outputs, np.float64))
    truth, guess = decisions(rest)
    if rest.task.name != "multilabel":
        return (truth != guess).astype(np.float64)
    either = (truth | guess).sum(axis=1)
    return (truth != guess).sum(axis=1) / np.maximum(either, 1)
