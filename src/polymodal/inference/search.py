"""Search: the rows of a table that belong to a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError, RecipeError
from polymodal.inference.answers import as_table
from polymodal.inference.imported.own_columns import reading
from polymodal.inference.predictor import Predictor
from polymodal.tables.table import Table, read

__all__ = ["Found", "Index", "search"]

_MOST = 10_000  # results of a query


@dataclass(frozen=True)
class Found:
    """A row that a search found.

    Args:
        row: int, number of the row, from 1.
        score: float, cosine of the angle between its vector and the query's, -1 to 1.
        cells: {column: cell} of the inputs that were searched.
    """

    row: int
    score: float
    cells: dict[str, Any]


class Index:
    """The vectors of a table's rows, which are computed once and searched often.

    Args:
        predictor: Predictor of a run that compares groups of inputs.
        table: Table, path, or rows in memory; it needs the columns of one side.
        by: str, side that queries are of: "query" finds answers, "answer" finds queries.
        media_root: folder that media paths start from.

    Raises:
        RecipeError: the run compares nothing, an unknown side, or a table without its columns.
        DataError: no row can be used.
    """

    def __init__(
        self,
        predictor: Predictor,
        table: Any,
        by: str = "query",
        media_root: str | Path | None = None,
    ):
        if not predictor.task.compares_inputs:
            raise RecipeError(
                f"search needs a run that compares inputs. Got a run with task: "
                f"{predictor.task.name}. Train one with --task retrieval."
            )
        sides = list(predictor.head.groups)
        if by not in sides:
            raise RecipeError(f"search needs by to be {' or '.join(sides)}. Got {by!r}.")
        self.asks = sides.index(by)
        self.table = as_table(table, media_root)
        searched_inputs = predictor.head.groups[sides[1 - self.asks]]
        self.predictor = predictor = reading(predictor, self.table, searched_inputs)
        asked, searched = (
            predictor.target.read_columns[side] for side in (by, sides[1 - self.asks])
        )
        self.query_columns, self.columns = asked, searched
        known = [name for name in searched if name in self.table.column_names]
        if not known:
            raise RecipeError(
                f"{self.table.name} needs a column to search: {', '.join(searched)}. "
                f"Got {', '.join(self.table.column_names)}."
            )
        found = self._predicted(self.table, known)
        vectors = found.outputs[:, 1 - self.asks]
        there = vectors.any(axis=-1)
        if not there.any():
            raise DataError(
                "has no row that can be searched.",
                f"Check the cells of {', '.join(searched)}.",
                table=self.table.name,
                reason="no_input",
            )
        self.rows, self.vectors = found.rows[there], vectors[there]

    def search(self, query: Any, num: int = 10) -> list[Found]:
        """Returns the rows that are nearest to a query, the best first.

        Args:
            query: a cell of the only column that asks, such as a text or a path, or
                {column: cell}.
            num: int, rows at most.

        Raises:
            RecipeError: a column that does not ask, or a number out of range.
            DataError: the query cannot be read.
        """
        if not 1 <= num <= _MOST:
            raise RecipeError(f"search needs 1 <= num <= {_MOST:,}. Got {num}.")
        if isinstance(query, Mapping):
            cells = query
        else:
            cells = {self.query_columns[0]: query}
        other = [name for name in cells if name not in self.query_columns]
        if other or (not isinstance(query, Mapping) and len(self.query_columns) > 1):
            raise RecipeError(
                f"search needs a query of {', '.join(self.query_columns)}. Got "
                f"{', '.join(other) or 'one cell'}. Write {{column: cell}}."
            )
        asked = self._predicted(
            read({name: [cell] for name, cell in cells.items()}, name="query"), list(cells)
        )
        if not len(asked):
            why = next(iter(asked.errors.values()), "it is empty")
            raise DataError(
                f"cannot be read: {why}.", "Give another query.", table="query", reason="no_input"
            )
        scores = self.vectors @ asked.outputs[0, self.asks]
        best = np.argsort(-scores, kind="stable")[:num]
        return [self._found(int(self.rows[place]), float(scores[place])) for place in best]

    def _predicted(self, table: Table, columns: list[str]) -> Predictions:
        """Returns vectors of a table of which only `columns` are read."""
        hidden = [name for name in (*self.query_columns, *self.columns) if name not in columns]
        for name in hidden:
            table = table.with_column(name, np.full(len(table), None))
        return self.predictor.predict(table)

    def _found(self, row: int, score: float) -> Found:
        cells = {
            name: self.table.cell(row, name)
            for name in self.columns
            if name in self.table.column_names
        }
        return Found(self.table.row_number(row), score, cells)


def search(
    predictor: Predictor,
    query: Any,
    table: Any,
    num: int = 10,
    by: str = "query",
    media_root: str | Path | None = None,
) -> list[Found]:
    """Returns the rows of a table that are nearest to a query; see `Index`."""
    return Index(predictor, table, by, media_root).search(query, num)
