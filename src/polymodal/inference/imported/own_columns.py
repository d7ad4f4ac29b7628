"""Which columns of a table the inputs of an imported model read: no table of its own names them."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.progress import say
from polymodal.inference.answers import Answers
from polymodal.profile.profile import profile
from polymodal.tables.table import Table

__all__ = ["columns_from", "reading", "with_columns"]

_Kind = TypeVar("_Kind", bound=Answers)


def columns_from(pairs: Collection[str], predictor: Any) -> dict[str, str]:
    """Returns {input: column} of pairs such as "image=photo".

    Raises:
        RecipeError: one is not a pair, or names no input.
    """
    names = [item.name for item in predictor.inputs]
    found = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if name not in names:
            raise RecipeError(f"--column: {unknown('input', name, names)}")
        if not equals or not column:
            raise RecipeError(
                f'--column needs input=column. Got "{pair}". Write --column {name}=photo.'
            )
        found[name] = column
    return found


def with_columns(predictor: _Kind, columns: Mapping[str, str]) -> _Kind:
    """Returns the same model that reads other columns.

    Args:
        predictor: Answers.
        columns: {input: column}; other inputs stay as they are.
    """
    if not columns:
        return predictor
    found = copy.copy(predictor)
    found.inputs = [
        replace(item, columns=[columns.get(item.name, item.columns[0])])
        if item.name in columns
        else item
        for item in predictor.inputs
    ]
    if predictor.task.compares_inputs:
        found.target = copy.copy(predictor.target)
        found.target.reads({item.name: item.columns for item in found.inputs})
    return found


def reading(predictor: _Kind, table: Table, names: Collection[str] | None = None) -> _Kind:
    """Returns the same model with the columns of a table that its inputs fit, found by what they
    hold; a model that was trained here reads the columns that it was trained on.

    Args:
        predictor: Answers.
        table: Table.
        names: of the inputs that are needed; None for all.

    Raises:
        RecipeError: several columns fit an input.
    """
    if predictor.trained_on.columns:
        return predictor
    chosen: dict[str, str] = {}
    for item in predictor.inputs:
        wanted = names is None or item.name in names
        if wanted and not any(column in table.column_names for column in item.columns):
            column = _fitting(predictor, item.name, table)
            if column is not None:
                chosen[item.name] = column
    for name, column in chosen.items():
        say(f'{table.name}: column "{column}" is read as {name}.')
    return with_columns(predictor, chosen)


def _fitting(predictor: Answers, name: str, table: Table) -> str | None:
    """Returns the only column of the modality of an input, or None where there is none."""
    modality = predictor.recipe.inputs[name]["modality"]
    facts = profile(table)
    found = [column for column in table.column_names if facts.verdict(column).modality == modality]
    if len(found) > 1:
        raise RecipeError(
            f"{table.name} needs one column for the input {name}. Got "
            f"{', '.join(found)}. Write --column {name}={found[0]}."
        )
    if found:
        return found[0]
    return None
