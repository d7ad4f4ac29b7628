"""What a model costs in use: parameters, memory of its weights, time of a call."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.core.printed.progress import quiet
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.inference.predictor import Predictor
from polymodal.tables.table import Table

__all__ = ["BATCH", "Budget", "Cost", "costs_of", "parse_budget"]

BATCH = 16  # rows of a timed call
_CALLS = 21  # of which the median counts
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
        return (self.megabytes is None or cost.megabytes <= self.megabytes) and (
            self.row_milliseconds is None or cost.row_milliseconds <= self.row_milliseconds
        )


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
        raise RecipeError(
            f'--budget needs a size or a time such as 50MB or 5ms. Got "{text}". '
            "Write a number with MB or ms."
        )
    value = float(found[1])
    if found[2].lower() == "mb":
        return Budget(megabytes=value)
    return Budget(row_milliseconds=value)


def costs_of(predictors: Sequence[Predictor], table: Table) -> list[Cost]:
    """Returns what models cost, timed on the first rows of a table.

    They are called in turn, so that other work on the machine slows all of them.
    """
    batches = [_batch(predictor, table) for predictor in predictors]
    took: list[list[float]] = [[] for _ in predictors]
    for call in range(_WARM + _CALLS):
        for predictor, batch, seconds in zip(predictors, batches, took, strict=True):
            start = time.perf_counter()
            predictor.model.predict_on_batch(batch)
            if call >= _WARM:
                seconds.append(time.perf_counter() - start)
    return [
        Cost(
            predictor.model.count_params(),
            _megabytes(predictor.model),
            1000 * float(np.median(seconds)) / BATCH,
        )
        for predictor, seconds in zip(predictors, took, strict=True)
    ]


def _batch(predictor: Predictor, table: Table) -> dict[str, np.ndarray]:
    """Returns the inputs of 16 rows, repeated where the table has fewer."""
    with quiet():
        samples = predictor.samples(table.select(np.arange(min(BATCH, len(table)))), scored=False)
        checked = check(samples, Ledger(), skip_bad=True, max_bad_share=1.0)
        inputs = next(iter(predictor.loader(samples, checked, BATCH).epoch(0, 0)))[0]
    return {key: np.resize(array, (BATCH, *array.shape[1:])) for key, array in inputs.items()}


def _megabytes(model: Any) -> float:
    size = 0
    for variable in model.variables:
        each = 4 if keras.backend.standardize_dtype(variable.dtype).endswith("32") else 2
        size += each * int(np.prod(variable.shape))
    return size / 1e6
