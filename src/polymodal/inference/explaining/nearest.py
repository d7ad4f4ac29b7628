"""The rows of a table that are most like a row, as a model sees them."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.core.errors import DataError, RecipeError
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.inference.outputs import as_numpy
from polymodal.media.kept import for_predictions
from polymodal.tables.table import Table

__all__ = ["Neighbours"]

_MOST_ROWS = 20_000


class Neighbours:
    """Rows of a table, or its sequences, by their vectors behind fusion and sequence model; nothing
    is stored.

    Args:
        predictor: Predictor.
        table: Table to look in.

    Raises:
        RecipeError: a table of too many rows.
        DataError: one without a row that can be read.
    """

    def __init__(self, predictor: Any, table: Table):
        if len(table) > _MOST_ROWS:
            raise RecipeError(
                f"--against needs {_MOST_ROWS:,} rows at most. Got {len(table):,}. "
                "Give a part of the table."
            )
        self._target = predictor.recipe.target
        self.rows, found, self.table = vectors(predictor, table)
        if not len(self.rows):
            raise DataError(
                "has no row that can be read.",
                "Give another table to --against.",
                table=table.name,
                reason="no_rows",
            )
        self._mean = found.mean(axis=0)
        self._vectors = _unit(found - self._mean)

    def of(self, vector: np.ndarray, num: int, own: int | None = None) -> list[dict[str, Any]]:
        """Returns the nearest rows: {"row" from 1, "similarity" -1 to 1, "label"}.

        Args:
            vector: (n,) of the row.
            num: int, rows at most.
            own: int, the row itself where it is one of the table, which is left out.
        """
        likeness = self._vectors @ _unit(vector - self._mean)
        best = np.argsort(-likeness, kind="stable")
        best = [place for place in best if self.rows[place] != own][:num]
        return [
            {
                "row": self.table.row_number(int(self.rows[place])),
                "similarity": round(float(likeness[place]), 4),
                "label": self._label(int(self.rows[place])),
            }
            for place in best
        ]

    def _label(self, row: int) -> Any:
        if self._target not in self.table.column_names:
            return None
        return self.table.cell(row, self._target)


def vectors(predictor: Any, table: Table) -> tuple[np.ndarray, np.ndarray, Table]:
    """Returns the rows that can be read, their vectors (n, dim), and the table that they are of: of
    sequences, where rows are grouped."""
    samples = predictor.samples(table, False, for_predictions())
    checked = check(samples, Ledger(), skip_bad=True, max_bad_share=1.0, allow_empty=True)
    loader, rows, found = predictor.loader(samples, checked), [], []
    for step, (inputs, _, _) in enumerate(loader.epoch(0, 0)):
        tokens, mask = predictor.model.encode(_batch(predictor, inputs), training=False)
        tokens = np.asarray(as_numpy(tokens), np.float32)
        mask = np.asarray(as_numpy(mask), bool)[..., None]
        pooled = (tokens * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1)
        real = loader.rows_of(0, step) >= 0
        rows.append(loader.rows_of(0, step)[real])
        found.append(pooled[real])
    if not rows:
        return np.zeros(0, int), np.zeros((0, 1), np.float32), samples.table
    return np.concatenate(rows), np.concatenate(found), samples.table


def _batch(predictor: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    if not predictor.is_network:  # which needs no engine
        return inputs
    import keras

    return {key: keras.ops.convert_to_tensor(value) for key, value in inputs.items()}


def _unit(values: np.ndarray) -> np.ndarray:
    return values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-9)
