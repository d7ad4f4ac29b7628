"""Fills in what a recipe leaves open, from the table, with reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from polymodal.core.advice import set_option, yaml_name
from polymodal.core.arguments import check_mapping
from polymodal.core.contracts.named_task import task_of
from polymodal.core.contracts.task import Task
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import unknown
from polymodal.media.video import video_info
from polymodal.profile.profile import Profile, profile
from polymodal.recipe.balance import balanced_headline
from polymodal.recipe.cells import (
    kind_settings,
    target_settings,
)
from polymodal.recipe.defaults import fusion_for
from polymodal.recipe.guessed.inputs import asked_for, because, guess_inputs
from polymodal.recipe.guessed.task import infer_task, with_inputs
from polymodal.recipe.recipe import (
    OTHERS,
    check_free,
    columns_of,
    reads_others,
)
from polymodal.recipe.size import Size, modalities_of
from polymodal.recipe.written.given import need_target
from polymodal.tables.group import Sequences
from polymodal.tables.reading.reading import Reading, readings_of
from polymodal.tables.table import Table

_SAMPLED = 64  # cells of the target that are looked at for lists
_OPENED = 8  # videos opened to look for sound
_OTHER_HALF = {  # of a video, by what reads the one: what reads the other, and words
    "video": ("audio", "sound, which is", "sound is"),
    "sounds": ("pictures", "pictures too, which are", "pictures are"),
}


@dataclass(frozen=True)
class Inferred:
    """A recipe as plain values, with one sentence for each choice that the data made."""

    values: dict[str, Any]
    reasons: list[str]


def infer(source: Table | Profile, given: dict[str, Any], ignore: Iterable[str] = ()) -> Inferred:
    """Returns `given` with every open setting chosen from the train table.

    Args:
        source: Table or Profile of the train split.
        given: recipe settings that the user made; `target` is needed, everything else is optional.
            `inputs` names all inputs, or with "*" among them those that differ from what is
            inferred.
        ignore: names of columns that are not inputs.

    Raises:
        RecipeError: no target, or a column that the table does not have.
        DataError: a column that names media of which none can be read.
    """
    need_target(given)
    target, ignore = given.get("target") or "", list(ignore)
    table = profile(source).table
    named = _named_inputs(given, target, table.column_names)
    _check_columns(table, given, target, ignore)
    values, reasons = {**given, "target": target}, []
    partial = {
        key: values.pop(key)
        for key in ("task", "fusion", "sequence")
        if isinstance(given.get(key), Mapping) and "name" not in given[key]
    }
    readings = _readings(table, given)
    facts = profile(source, readings)
    guess = None if values.get("task") else infer_task(facts, target)
    if guess is not None:
        values["task"] = guess.task
        reasons.append(f"task: {because(guess.task, guess.reason)}")
    elif kind := kind_settings(facts, target, values["task"], reasons):
        values["task"] = _with(values["task"], kind)
    hidden = [*ignore, *(c for c in (given.get("group"), given.get("order")) if c)]
    values["inputs"] = guess_inputs(facts, values, named, hidden, reasons, readings)
    if reads_others(named):
        reasons.extend(_half_read(facts, values["inputs"]))
    if guess is not None:
        values["task"] = _with(_guessed(guess.task, table, values, reasons), partial.get("task"))
    task = task_of(values["task"])
    values["task"] = _with(
        values["task"], target_settings(facts, target, values["task"], readings, reasons)
    )
    if "headline" not in _with(values["task"], {"name": task.name}):
        values["task"] = _with(values["task"], balanced_headline(facts, task, target, reasons))
    values["columns"] = {
        name: reading.to_dict() for name, reading in readings.items() if reading != Reading()
    }
    if reads_others(named):
        _leave_out_distracting(task, named, values["inputs"], reasons)
    suited = task.settings(list(modalities_of(values["inputs"]).values()))
    if suited:
        values["task"] = {**suited, **_with(values["task"], {"name": task.name})}
    size = Size(facts, task, values["inputs"], _num_learned(table, values))
    size.suit(values["inputs"], named, reasons)
    _choose_parts(task, values, partial, reasons)
    sized = size.train(values, reasons)
    return Inferred(_in_order(sized | values), reasons)


def _num_learned(table: Table, values: Mapping[str, Any]) -> int:
    """Returns how many rows are learned from: those with a target, unless others are as well."""
    target, training = values["target"], values.get("training") or {}
    others = values.get("objectives") or training.get("pseudo_labels")
    if others or isinstance(table, Sequences) or target not in table.column_names:
        return len(table)
    return sum(value is not None for value in table.values(target))


def _named_inputs(given: dict[str, Any], target: str, columns: Collection[str]) -> dict[str, Any]:
    """Returns the settings of the inputs that the user or the task names, checked."""
    named = given.get("inputs") or {OTHERS: {}}
    check_mapping("inputs", named, "{image: {size: 32}}")
    if asked := asked_for(given.get("task"), columns):
        named = asked | {
            name: {**asked.get(name, {}), **(config or {})}
            for name, config in named.items()
            if name != OTHERS
        }
    named = {name: {} if config is None else config for name, config in named.items()}
    for name, config in named.items():
        check_mapping(f"inputs.{name}", config, "{size: 32}")
        check_free(name, config, target, given.get("group"), given.get("order"))
    return named


def _check_columns(table: Table, given: Mapping[str, Any], target: str, ignore: list[str]) -> None:
    """Raises RecipeError where the target is ignored, or the table lacks a column."""
    if target in ignore:
        raise RecipeError(
            f'--ignore needs columns that would be inputs. Got "{target}", the '
            "target. Leave it out."
        )
    for column in [target, *ignore, given.get("group"), given.get("order")]:
        if column and column not in table.column_names:
            raise RecipeError(f"{table.name}: {unknown('column', column, table.column_names)}")


def _guessed(task: str, table: Table, values: Mapping[str, Any], reasons: list[str]) -> str:
    """Returns the task that the target suggests, once the inputs are known, and says why."""
    cells = islice(table.values(values["target"]), _SAMPLED)
    several = any(isinstance(cell, list) for cell in cells)
    found, reason = with_inputs(task, set(modalities_of(values["inputs"]).values()), several)
    if reason:
        reasons[0] = f"task: {found}. {reason}"
    return found


def _leave_out_distracting(
    task: Task, named: Mapping[str, Any], inputs: dict[str, Any], reasons: list[str]
) -> None:
    """Removes the inputs that would distract from the task and that nobody named."""
    modalities = modalities_of(inputs)
    for name in [
        n
        for n, m in modalities.items()
        if n not in named and task.distracts(m, modalities.values())
    ]:
        _leave_out(name, inputs, reasons)


def _choose_parts(
    task: Task, values: dict[str, Any], partial: Mapping[str, Any], reasons: list[str]
) -> None:
    """Chooses fusion and sequence where they are open, with the settings that the user made."""
    fusion = fusion_for(task, modalities_of(values["inputs"]))
    for key, choice in (("fusion", fusion), ("sequence", task.sequence)):
        if key not in values:
            values[key], reason = choice
            reasons.extend([f"{key}: {_name(values[key])}. {reason}"] * bool(reason))
            values[key] = _with(values[key], partial.get(key))


def _in_order(values: dict[str, Any]) -> dict[str, Any]:
    """Returns settings in the order in which a recipe is written."""
    order = (
        "task",
        "target",
        "group",
        "order",
        "columns",
        "inputs",
        "fusion",
        "sequence",
        "dim",
        "dropout",
        "objectives",
        "training",
    )
    for key in ("columns", "objectives"):
        if not values[key]:
            del values[key]
    return {k: values[k] for k in order if values.get(k) is not None} | {
        k: v for k, v in values.items() if k not in order
    }


def _readings(table: Table, given: Mapping[str, Any]) -> dict[str, Reading]:
    """Returns how columns are read, as far as the user said so."""
    readings = readings_of(given.get("columns"))
    for column in readings:
        if column not in table.column_names:
            raise RecipeError(f"columns: {unknown('column', column, table.column_names)}")
    return readings


def _half_read(facts: Profile, inputs: dict[str, Any]) -> Iterator[str]:
    """Yields a sentence for each input of videos whose sound, or whose pictures, no input reads."""
    read = {(columns_of(n, c)[0], c["modality"]) for n, c in inputs.items()}
    for name, config in inputs.items():
        column, own = columns_of(name, config)[0], config["modality"]
        other, left, used = _OTHER_HALF.get(own, ("", "", ""))
        if not other or (column, other) in read:
            continue
        cells = [cell for cell in facts.sample(column) if cell is not None]
        if own == "sounds":
            cells = [step for cell in cells for step in cell if step is not None]
        films = cells[:_OPENED]
        count = sum(_has_both(film, facts.table) for film in films)
        if count:
            free = other
            while free in inputs or free in facts.table.column_names:
                free += "_track"
            options = " ".join(
                (
                    set_option("inputs", free, "modality", value=other),
                    set_option("inputs", free, "column", value=yaml_name(column)),
                    set_option("inputs", name, "modality", value=own),
                )
            )
            yield (
                f"input {name}: {count} of the {len(films)} videos opened have {left} not used. To "
                f"use both: {options}. Without the last option only the {used} used."
            )


def _has_both(film: Any, table: Table) -> bool:
    try:
        return video_info(film, table.root).has_sound
    except DataError:
        return False  # it has sound alone, or the check of all rows says what is wrong


def _leave_out(name: str, inputs: dict[str, Any], reasons: list[str]) -> None:
    """Removes an input that would distract, and its reasons."""
    del inputs[name]
    reasons[:] = [r for r in reasons if not r.startswith(f"input {name}: ")]
    reasons.append(
        f"input {name}: Ignored because a transcript depends on the recording, "
        f"which often comes alone; to use it anyway: "
        f"{set_option('inputs', name, 'modality')}"
    )


def _with(chosen: Any, settings: Mapping[str, Any] | None) -> Any:
    """Returns the part that was chosen, with settings that leave its name open."""
    if not settings:
        return chosen
    if isinstance(chosen, Mapping):
        return {**chosen, **settings}
    if not chosen:
        return dict(settings)
    return {"name": chosen, **settings}


def _name(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value["name"])
    return value
