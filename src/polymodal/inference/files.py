"""Predictions for people and programs: one entry per row of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError
from polymodal.evaluation.trust.conformal import Sets
from polymodal.inference.given_rows import input_columns
from polymodal.inference.trust import sets_of
from polymodal.tables.table import Table, read


def lines(
    predictor: Any, table: Table, found: Predictions, sets: Sets | None = None
) -> Iterator[dict[str, Any]]:
    """Yields for each row of the table, in order, the answer or the error.

    Args:
        predictor: Predictor.
        table: Table.
        found: Predictions of it.
        sets: Sets of them, or None.

    Returns:
        `{"prediction": ..., "probabilities": {label: p} or None, "error": str or None}`, and with
        `sets` `"set": [label, ...]`, [low, high] of numbers, or None for a row with an error.
    """
    places: dict[int, list[int]] = {}
    for place, row in enumerate(found.rows):
        places.setdefault(int(row), []).append(place)
    for row in range(len(table)):
        if row in places:
            answer = found.task.answer(found, places[row], predictor.target)
            yield {**vars(answer), "error": None, **_set(sets, found, places[row])}
        else:
            empty = (
                f"{table.name} {table.row_name(row)}: every input is empty. Give at "
                f"least one of {', '.join(input_columns(predictor))}."
            )
            error = found.errors.get(row, empty)
            nothing = {} if sets is None else {"set": None}
            yield {"prediction": None, "probabilities": None, "error": error, **nothing}


def _set(sets: Sets | None, found: Predictions, places: Sequence[int]) -> dict[str, Any]:
    """Returns the set of a row as an entry; of a row with several steps a list of sets."""
    if sets is None:
        return {}
    each = [sets.of(place, found) for place in places]
    if len(each) == 1:
        return {"set": each[0]}
    return {"set": each}


def one_row(
    predictor: Any,
    values: Mapping[str, Any],
    level: float | None = None,
    by: str | None = None,
    **choice: Any,
) -> dict[str, Any]:
    """Returns the answer for one row given as `{column: value}`; absent columns are missing inputs.
    `choice` has decoding options, see `Predictor.predict`; `level` and `by` are of `sets_of`.

    Raises:
        DataError: an input cannot be read, or all are missing.
    """
    columns = input_columns(predictor)
    table = read({c: [values.get(c)] for c in columns}, name="--input")
    found = predictor.predict(table, **choice)
    sets = None if level is None else sets_of(predictor, found, table, level, by)
    line = next(lines(predictor, table, found, sets))
    if line["error"]:
        raise DataError(line["error"], reason="no_input")
    return {k: v for k, v in line.items() if k != "error"}
