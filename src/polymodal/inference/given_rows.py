"""Rows as a person gives them: absent inputs, and names that the model does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.disk.paths import user_path
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.progress import warn
from polymodal.recipe.heard import heard_texts
from polymodal.tables.conversations import row_before, said
from polymodal.tables.kinds import kind_of_name
from polymodal.tables.table import Table, read

__all__ = [
    "cells_of_file",
    "checked_rows",
    "input_columns",
    "table_of_cells",
    "table_of_file",
    "with_all_inputs",
]


def input_columns(predictor: Any) -> list[str]:
    """Returns the columns that a model reads."""
    own = [column for source in predictor.inputs for column in source.columns]
    heard = [text.sound for text in heard_texts(predictor.recipe.inputs)]
    return [*own, *(column for column in heard if column not in own)]


def checked_rows(predictor: Any, rows: Any) -> Any:
    """Returns rows that are mappings with every input, absent ones as None; other rows unchanged.

    Args:
        predictor: Predictor.
        rows: what `polymodal.read` takes, or one row as a mapping.

    Raises:
        RecipeError: a key that neither the model nor its training table knows.
    """
    several = (
        isinstance(rows, list | tuple)
        and bool(rows)
        and all(isinstance(row, Mapping) for row in rows)
    )
    if not several and not isinstance(rows, Mapping):
        return rows
    if several and predictor.task.converses:
        most = max(
            [1, *(item.modality.max_images for item in predictor.inputs if item.modality.several)]
        )
        rows = [_talked(row, place, most) for place, row in enumerate(rows, start=1)]
    columns = input_columns(predictor)
    keys = dict.fromkeys(str(key) for row in (rows if several else [rows]) for key in row)
    if predictor.trained_on.columns or any(column not in keys for column in columns):
        _refuse_unknown(predictor, keys, columns)
    if not several:
        return rows
    return [{**dict.fromkeys(columns), **row} for row in rows]


def _talked(row: Mapping[str, Any], place: int, most_images: int) -> dict[str, Any]:
    """Returns a row whose messages, if it has any, became the columns that a run reads."""
    messages = row.get("messages")
    if not isinstance(messages, list | tuple):
        return dict(row)
    found = [
        said(one, f"row {place}, message {number}") for number, one in enumerate(messages, start=1)
    ]
    return {
        **{key: value for key, value in row.items() if key != "messages"},
        **row_before(found, most_images),
    }


def _refuse_unknown(predictor: Any, keys: Mapping[str, None], columns: list[str]) -> None:
    recipe = predictor.recipe
    known = {*columns, recipe.target, recipe.group, recipe.order, *predictor.trained_on.columns}
    for key in keys:
        if key not in known:
            raise RecipeError(f"{unknown('input', key, columns)} Remove what is not an input.")


def with_all_inputs(predictor: Any, table: Table) -> Table:
    """Returns a table with every column that a model reads; missing ones are empty and reported.

    Raises:
        RecipeError: it has none of them.
    """
    table = _as_conversation(predictor, table)
    columns = input_columns(predictor)
    there = table.column_names
    absent = [column for column in columns if column not in there]
    if not absent:
        return table
    if len(absent) == len(columns):
        raise RecipeError(
            f"{table.name} needs a column for at least one input: "
            f"{', '.join(columns)}. {unknown('column', absent[0], there)}"
        )
    heard = {text.text for text in heard_texts(predictor.recipe.inputs) if text.sound in there}
    told = [column for column in absent if column not in heard]
    names = " and ".join(f'"{column}"' for column in told)
    several = len(told) > 1
    if len(table) > 1 and told:  # of one row a person sees what it holds
        warn(
            f"{table.name} has no {'columns' if several else 'column'} {names}. "
            f"{'They count' if several else 'It counts'} as missing in every row."
        )
    for column in absent:
        table = table.with_column(column, np.full(len(table), None))
    return table


def _as_conversation(predictor: Any, table: Table) -> Table:
    """Returns a table of one row that is a whole sequence, where nothing says which it is of."""
    group, order = predictor.recipe.group, predictor.recipe.order
    if len(table) != 1 or not group or group in table.column_names:
        return table
    table = table.with_column(group, [1])
    if order and order not in table.column_names:
        table = table.with_column(order, [1])
    return table


def table_of_file(predictor: Any, file: str | Path) -> Table:
    """Returns a table with one row for a file, in the columns that its kind belongs to.

    A video fills an input for video and one for sound.

    Raises:
        DataError: it does not exist, or is of a kind that the model does not take.
    """
    return table_of_cells(predictor, [cells_of_file(predictor, user_path(file))])


def table_of_cells(predictor: Any, rows: Sequence[dict[str, Any]]) -> Table:
    """Returns a table of the rows, with every column that a model reads."""
    columns = [column for source in predictor.inputs for column in source.columns]
    return read({column: [row.get(column) for row in rows] for column in columns}, name="files")


def _no_file(file: Path) -> DataError:
    if file.exists():
        return DataError("is not a file.", "Give a file.", path=str(file), reason="not_a_file")
    return DataError("does not exist.", "Check the path.", path=str(file), reason="missing_file")


def cells_of_file(predictor: Any, file: Path) -> dict[str, str]:
    """Returns {column: path} of the inputs that a file fills.

    Raises:
        DataError: it does not exist, or is of a kind that the model does not take.
    """
    if not file.is_file():
        raise _no_file(file)
    inputs, kind = predictor.recipe.inputs, kind_of_name(file.name)
    taken = [i for i in predictor.inputs if kind in i.modality.files]
    if not taken:
        wanted = sorted({inputs[i.name]["modality"] for i in predictor.inputs})
        raise DataError(
            f"is not an input of this model, which takes {' or '.join(wanted)}.",
            "Give another file.",
            path=str(file),
            reason="wrong_kind",
        )
    return {i.columns[0]: str(file.resolve()) for i in taken}
