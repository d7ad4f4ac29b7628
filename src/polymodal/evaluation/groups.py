"""Groups of similar rows, such as those of one speaker, and their number.

An interval resamples independent units. If rows have groups, the groups are these units. Few groups
are too few for a bootstrap interval.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions

__all__ = [
    "MIN_GROUPS",
    "count_groups",
    "group_words",
    "grouped_json",
    "too_few",
    "too_few_groups",
    "too_few_words",
]

MIN_GROUPS = 10  # fewer groups have no interval: their resamples are too much alike
_PLURAL = re.compile("[a-z]+[a-gi-rt-w]")  # a name whose plural takes nothing but an s


def count_groups(predictions: Predictions) -> int | None:
    """Returns the number of groups of the outputs; None if rows are independent."""
    if not predictions.group_column or predictions.groups is None:
        return None
    return len(np.unique(predictions.groups))


def too_few_groups(predictions: Predictions) -> bool:
    """Returns whether there are groups, and too few of them for an interval."""
    count = count_groups(predictions)
    return count is not None and count < MIN_GROUPS


def group_words(column: str, count: int) -> str:
    """Returns the number of groups as a person says it.

    Example:

    >>> group_words("speaker", 3), group_words("speaker", 1), group_words("client_id", 12)
    ('3 speakers', '1 speaker', '12 values of "client_id"')
    """
    if _PLURAL.fullmatch(column):
        return f"{count:,} {column}" + ("" if count == 1 else "s")
    return f'{count:,} value{"" if count == 1 else "s"} of "{column}"'


def too_few_words(predictions: Predictions) -> str:
    """Returns why there is no interval, "3 speakers: too few for an interval"; "" where one is."""
    if not too_few_groups(predictions):
        return ""
    return too_few(predictions.group_column, count_groups(predictions) or 0)


def too_few(column: str, count: int) -> str:
    """Returns the sentence for too few groups of a column."""
    return f"{group_words(column, count)}: too few for an interval"


def grouped_json(predictions: Predictions) -> dict[str, Any]:
    """Returns {"group": column, "num_groups": int} of rows in groups; nothing of others."""
    count = count_groups(predictions)
    if count is None:
        return {}
    return {"group": predictions.group_column, "num_groups": count}
