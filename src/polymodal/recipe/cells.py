"""How the cells of a table's columns are read, where the recipe leaves it open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polymodal.core.contracts.named_task import task_named, task_of
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.profile.column_rules import Verdict, as_field
from polymodal.profile.profile import Profile
from polymodal.profile.target_form import AMOUNTS, LABEL_SETS, separator_of
from polymodal.recipe.recipe import columns_of
from polymodal.tables.group import Sequences
from polymodal.tables.reading.numbers import NumberFormat
from polymodal.tables.reading.reading import Reading
from polymodal.tables.reading.separators import SEPARATOR
from polymodal.tables.table import Table

_LISTS = {"numbers": "number", "categories": "category", "dates": "date"}


def check_columns(table: Table, name: str, columns: list[str]) -> None:
    """Raises RecipeError where an input's column is not in the table."""
    for column in columns:
        if column not in table.column_names:
            raise RecipeError(f"inputs.{name}: {unknown('column', column, table.column_names)}")


def tabular_settings(
    facts: Profile, name: str, config: Mapping[str, Any], guess: Any, readings: dict[str, Reading]
) -> dict[str, Any]:
    """Returns which columns of a tabular input are numbers, categories and dates.

    How they are read is put into `readings`, where it is not as usual.

    Args:
        facts: Profile of the table.
        name: str, name of the input.
        config: its settings, as far as they are known; lists that the user gave stay.
        guess: InputGuess of the columns, or None.
        readings: {column: Reading} that the user asked for.
    """
    columns = columns_of(name, config)
    check_columns(facts.table, name, columns)
    judged: Mapping[str, Verdict] = getattr(guess, "fields", {})
    asked = {c: kind for key, kind in _LISTS.items() for c in config.get(key) or ()}
    found: dict[str, list[str]] = {key: [] for key in _LISTS}
    for column in columns:
        if column in asked:
            kind: Any = asked[column]
            given = readings.get(column, Reading()).filled(kind=kind)
            reading = as_field(facts.column(column).read_as(given)).reading
        else:
            verdict = judged.get(column) or as_field(
                facts.column(column).read_as(readings.get(column))
            )
            kind, reading = verdict.kind, verdict.reading
            found[{value: key for key, value in _LISTS.items()}[kind]].append(column)
        _note(column, reading, readings)
    return {key: names for key, names in found.items() if names or key != "dates"}


def keep_readings(fields: Mapping[str, Verdict], readings: dict[str, Reading]) -> None:
    """Puts how columns of an input are read into `readings`, where it is not as usual."""
    for column, verdict in fields.items():
        _note(column, verdict.reading, readings)


def target_settings(
    facts: Profile, target: str, task: Any, readings: dict[str, Reading], reasons: list[str]
) -> dict[str, Any]:
    """Returns settings of a task that follow from how the target's cells are written.

    How numbers are read is put into `readings`, where it is not as usual.

    Args:
        facts: Profile of the table.
        target: str.
        task: name of the task or its settings.
        readings: {column: Reading} that the user asked for.
        reasons: list that takes a sentence on what was found.
    """
    settings = task if isinstance(task, Mapping) else {"name": task}
    form = task_of(settings).form
    if form == AMOUNTS:
        given = readings.get(target, Reading())
        found = (
            facts.column(target)
            .read_as(given if given.asks_for else given.filled(kind="number"))
            .guess
        )
        if found is not None:
            _note(target, found.reading, readings)
        told = ""
        if found:
            told = "; ".join(part for part in (found.said, found.doubt) if part)
        reasons.extend([f'columns: "{target}" is a number ({told}).'] * bool(told))
    if form == LABEL_SETS and "separator" not in settings:
        mark = separator_of(facts.column(target))
        if mark and mark != SEPARATOR:
            return {"separator": mark}
        return {}
    return {}


def kind_settings(facts: Profile, target: str, task: Any, reasons: list[str]) -> dict[str, str]:
    """Returns the settings that make the kind of a named task, as far as they are open.

    Args:
        facts: Profile of the table; of sequences where rows are grouped.
        target: str.
        task: name of the task or its settings.
        reasons: list that takes a sentence on what was chosen.
    """
    settings = task if isinstance(task, Mapping) else {"name": task}
    grouped = isinstance(facts.table, Sequences)
    if not target:
        return {}
    found, reason = task_named(settings["name"]).kind_for(
        _numbers(facts.column(target).cells), grouped, settings
    )
    reasons.extend([f"task: {reason}"] * bool(reason))
    return {key: value for key, value in found.items() if key not in settings}


def _numbers(cells: Sequence[Any]) -> list[float] | None:
    """Returns the numbers in cells or their steps; None where something else is among them."""
    flat = [item for cell in cells for item in (cell if isinstance(cell, list) else [cell])]
    try:
        found = [NumberFormat().read(item) for item in flat if item is not None]
    except ValueError:
        return None
    return [number for number in found if number is not None]


def _note(column: str, reading: Reading, readings: dict[str, Reading]) -> None:
    """Keeps a reading, except for what plain cells have anyway and the user did not ask for."""
    given = readings.get(column, Reading())
    plain = reading.without_defaults()
    kept = given.filled(**{k: v for k, v in plain.to_dict().items() if k != "kind"})
    if plain.missing and plain.missing != given.missing:
        if given.missing is None:
            kept = kept.filled()
        else:
            kept = Reading(**{**kept.to_dict(), "missing": plain.missing})
    if kept != Reading():
        readings[column] = kept
