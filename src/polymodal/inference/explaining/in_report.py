"""What a report says on why a model answers as it does."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.report.examples import choose_examples
from polymodal.inference.explaining.explanation import Explanation, explained
from polymodal.inference.hidden.conditions import answer_subsets, conditions_of
from polymodal.inference.hidden.patterns import Answered
from polymodal.tables.table import Table

__all__ = ["looked_into", "why"]

_SECONDS = 10.0  # after which no further row is asked again
_FEWEST = 20  # rows or sequences, below which means say little
_EACH, _EACH_SEQUENCE = 4, 2  # rows that are explained one by one


def looked_into(
    predictor: Any, table: Table, found: Predictions, cache: Any, seconds: float
) -> tuple[dict[str, Any], Explanation | None]:
    """Returns the scores under conditions, as `conditions` gives them, and why some rows are
    answered as they are. Arguments are those of `conditions`."""
    until = time.monotonic() + seconds
    answered = answer_subsets(predictor, table, found, cache, seconds)
    under = conditions_of(predictor, answered)
    left = min(_SECONDS, until - time.monotonic())
    return under, why(predictor, found, answered, cache, left)


def why(
    predictor: Any,
    found: Predictions,
    answered: Answered | None,
    cache: Any = None,
    seconds: float = _SECONDS,
) -> Explanation | None:
    """Explains the answers for some rows; None for fewer than 20, or where nothing can be.

    Args:
        predictor: Answers.
        found: Predictions of a table, with targets.
        answered: Answered, of some of its rows, or None.
        cache: Cache or KeptMedia that may hold the table's media decoded, or None.
        seconds: float, after which no further row is asked again; at 0 nothing is.
    """
    few = len(np.unique(found.rows[found.scored])) < _FEWEST
    if seconds <= 0 or answered is None or few:
        return None
    each = _EACH_SEQUENCE if predictor.recipe.group else _EACH
    whole = answered.patterns[-1]
    rows = [int(whole.rows[place]) + 1 for place in choose_examples(whole, each)]
    return explained(predictor, answered, rows, seconds=seconds, cache=cache)
