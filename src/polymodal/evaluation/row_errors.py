"""The error of each row, for paired comparisons of models or epochs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.decisions import known

__all__ = ["RowErrors", "row_errors"]


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

    What that is, a task says. Steps of a sequence add up.

    Args:
        predictions: Predictions with at least one scored row.

    Returns:
        RowErrors, or None if single rows have no meaningful error, as for captions.
    """
    rest = known(predictions)
    found = rest.task.row_errors(rest)
    if found is None:
        return None
    rows, first, place = np.unique(rest.rows, return_index=True, return_inverse=True)
    errors = np.bincount(place, weights=found, minlength=len(rows))
    groups = rows if rest.groups is None else np.asarray(rest.groups)[first]
    return RowErrors(rows, errors, groups)
