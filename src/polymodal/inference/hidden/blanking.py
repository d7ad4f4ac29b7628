"""Predictions of rows whose inputs are hidden, each pattern of inputs in one pass over the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.batch import input_key, mask_key
from polymodal.core.contracts.task import Predictions
from polymodal.core.seeds import generator
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.feed.loader import Batch, Loader
from polymodal.inference.answers import Answers
from polymodal.inference.outputs import by_row, collect, enter_groups, outputs
from polymodal.media.kept import for_predictions
from polymodal.tables.table import Table

__all__ = ["predict_hidden"]


def predict_hidden(
    predictor: Answers,
    table: Table,
    patterns: Sequence[Sequence[str]],
    *,
    scored: bool = True,
    cache: Any = None,
    most_rows: int | None = None,
) -> list[Predictions]:
    """Returns the predictions of a table with inputs hidden, as the model states them.

    Each batch is made once. Rows that have none of the inputs left are not in the predictions.

    Args:
        predictor: Answers of a task that is not fed its own outputs.
        table: Table.
        patterns: names of the inputs to hide, for each of the predictions; () hides none.
        scored: bool, read the target too.
        cache: Cache or KeptMedia with the table's media, or None.
        most_rows: int, about how many rows are used, sampled by batches; None for all.
    """
    samples = predictor.samples(table, scored, cache or for_predictions())
    checked = check(samples, Ledger(), skip_bad=True, max_bad_share=1.0, allow_empty=True)
    if not len(checked) or not patterns:
        return []
    names = [item.name for item in predictor.inputs]
    keys = [[input_key(names.index(name)) for name in hidden] for hidden in patterns]
    views = _Views(predictor.loader(samples, checked), keys, most_rows)
    said = list(outputs(predictor.model, views, predictor.head, what="Hiding inputs"))
    found = [
        collect(
            said[place :: len(keys)],
            predictor.head,
            predictor.target,
            predictor.task,
            names,
            len(table),
        )
        for place in range(len(keys))
    ]
    column = predictor.trained_on.group_column
    for one in found:
        if column in table.column_names:
            enter_groups(one, samples.table, table, column)
    found = [by_row(one, samples.table, len(table)) for one in found]
    return [one.take(np.asarray(one.present.any(axis=1))) for one in found]


class _Views:
    """A loader that gives each batch once for each pattern, its inputs hidden."""

    def __init__(self, loader: Loader, keys: list[list[str]], most_rows: int | None):
        self._loader, self._keys = loader, keys
        self._steps = list(range(loader.steps(0)))
        size = len(loader.rows_of(0, 0))
        if most_rows is not None and len(self._steps) * size > most_rows:
            order = generator(0).permutation(len(self._steps))
            self._steps = sorted(order[: max(1, most_rows // size)].tolist())

    def steps(self, epoch: int = 0) -> int:
        return len(self._steps) * len(self._keys)

    def rows_of(self, epoch: int, step: int) -> np.ndarray:
        return self._loader.rows_of(epoch, self._steps[step // len(self._keys)])

    def steps_of(self, epoch: int, step: int) -> np.ndarray:
        return self._loader.steps_of(epoch, self._steps[step // len(self._keys)])

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        for inputs, targets, weights in self._loader.batches(epoch, self._steps):
            for keys in self._keys:
                yield _hidden(inputs, keys), targets, weights


def _hidden(inputs: dict[str, np.ndarray], keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Returns a batch with inputs as missing ones are: zeros, and masks that are False."""
    gone = {name for key in keys for name in (key, mask_key(key))}
    return {name: np.zeros_like(array) if name in gone else array for name, array in inputs.items()}
