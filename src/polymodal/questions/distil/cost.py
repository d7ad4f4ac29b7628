"""What a model costs in use: parameters, memory of its weights, time of a call."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.inference.predictor import Predictor
from polymodal.tables.table import Table

__all__ = ["BATCH", "Budget", "Cost", "cost_of", "parse_budget"]

BATCH = 16  # rows of a timed call
_CALLS = 15  # of which the median counts
_WARM = 3


@dataclass(frozen=True)
class Cost:
    """What a model costs.

    Args:
        parameters: int.
        megabytes: float, of its weights in memory.
        row_milliseconds: float, of a row in a call of the model with 16 rows.
    """

    parameters: int
    megabytes: float
    row_milliseconds: float


@dataclass(frozen=True)
class Budget:
    """What a model may cost; None for no limit."""

    megabytes: float | None = None
    row_milliseconds: float | None = None

    def holds(self, cost: Cost) -> bool:
        """Returns whether a model fits."""
        return ((self.megabytes is None or cost.megabytes <= self.megabytes)
                and (self.row_milliseconds is None
                     or cost.row_milliseconds <= self.row_milliseconds))


def parse_budget(text: str) -> Budget:
    """Returns a budget.

    Args:
        text: str, "50MB" of weights in memory or "5ms" for a row.

    Raises:
        RecipeError: neither.

    Example:

    >>> parse_budget("50MB"), parse_budget("0.5 ms").row_milliseconds
    (Budget(megabytes=50.0, row_milliseconds=None), 0.5)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(MB|ms)\s*", text, re.IGNORECASE)
    if found is None:
        raise RecipeError(f'--budget needs a size or a time such as 50MB or 5ms. Got "{text}". '
                          "Write a number with MB or ms.")
    value = float(found[1])
    if found[2].lower() == "mb":
        return Budget(megabytes=value)
    return Budget(row_milliseconds=value)


def cost_of(predictor: Predictor, table: Table) -> Cost:
    """Returns what a model costs, timed on the first rows of a table."""
    from polymodal.core.printed.progress import quiet
    from polymodal.feed.check import check
    from polymodal.feed.ledger import Ledger

    model = predictor.model
    with quiet():
        samples = predictor.samples(table.select(np.arange(min(BATCH, len(table)))), scored=False)
        checked = check(samples, Ledger(), skip_bad=True, max_bad_share=1.0)
        inputs = next(iter(predictor.loader(samples, checked, BATCH).epoch(0, 0)))[0]
    rows = len(checked)
    inputs = {key: np.resize(array, (BATCH, *array.shape[1:])) for key, array in inputs.items()}
    seconds = _seconds(model, inputs)
    parameters = model.count_params()
    size = sum(np.prod(v.shape) * keras.backend.standardize_dtype(v.dtype).endswith("32") * 4
               or np.prod(v.shape) * 2 for v in model.variables)
    return Cost(parameters, float(size) / 1e6, 1000 * seconds / max(1, BATCH if rows else 1))


def _seconds(model: Any, inputs: dict[str, Any]) -> float:
    found = []
    for call in range(_WARM + _CALLS):
        start = time.perf_counter()
        model.predict_on_batch(inputs)
        if call >= _WARM:
            found.append(time.perf_counter() - start)
    return float(np.median(found))
