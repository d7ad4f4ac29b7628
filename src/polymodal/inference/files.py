"""Predictions for people and programs: one entry per row of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError
from polymodal.inference.given_rows import input_columns
from polymodal.tables.table import Table, read


def lines(predictor: Any, table: Table, found: Predictions) -> Iterator[dict[str, Any]]:
    """Yields for each row of the table, in order, the answer or the error.

    Returns:
        `{"prediction": ..., "probabilities": {label: p} or None, "error": str or None}`.
    """
    places: dict[int, list[int]] = {}
    for place, row in enumerate(found.rows):
        places.setdefault(int(row), []).append(place)
    for row in range(len(table)):
        if row in places:
            answer = found.task.answer(found, places[row], predictor.target)
            yield {**vars(answer), "error": None}
        else:
            empty = (f"{table.name} row {table.row_number(row)}: every input is empty. Give at "
                     f"least one of {', '.join(input_columns(predictor))}.")
            error = found.errors.get(row, empty)
            yield {"prediction": None, "probabilities": None, "error": error}


def one_row(predictor: Any, values: Mapping[str, Any], **choice: Any) -> dict[str, Any]:
    """Returns the answer for one row given as `{column: value}`; absent columns are missing inputs.
    `choice` has decoding options, see `Predictor.predict`.

    Raises:
        DataError: an input cannot be read, or all are missing.
    """
    columns = input_columns(predictor)
    table = read({c: [values.get(c)] for c in columns}, name="--input")
    found = predictor.predict(table, **choice)
    line = next(lines(predictor, table, found))
    if line["error"]:
        raise DataError(line["error"], reason="no_input")
    return {k: v for k, v in line.items() if k != "error"}
