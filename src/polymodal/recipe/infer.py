"""Fills in what a recipe leaves open, from the table, with reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from polymodal.core.advice import option, set_option, yaml_name
from polymodal.core.arguments import check_mapping
from polymodal.core.contracts.task import Task, task_named, task_of
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import find, unknown
from polymodal.media.video import video_info
from polymodal.profile.columns import LeftOut, judge_columns
from polymodal.profile.profile import Profile, profile
from polymodal.recipe.balance import balanced_headline
from polymodal.recipe.cells import (
    check_columns,
    keep_readings,
    kind_settings,
    tabular_settings,
    target_settings,
)
from polymodal.recipe.defaults import fusion_for, is_plain, text_for
from polymodal.recipe.frames import as_frames, holds_videos, reads_pictures
from polymodal.recipe.needed import needed_by
from polymodal.recipe.recipe import (
    OTHERS,
    check_free,
    columns_of,
    encoder_config,
    encoder_name,
    reads_others,
)
from polymodal.recipe.size import Size, modalities_of
from polymodal.recipe.task_guess import infer_task, with_inputs
from polymodal.recipe.written.given import need_target
from polymodal.tables.reading.reading import Reading, readings_of
from polymodal.tables.table import Table

_SAMPLED = 64  # cells of the target that are looked at for lists
_SHOWN = 10  # ignored columns that an error lists
_OPENED = 8  # videos opened to look for sound


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
        reasons.append(f"task: {_why(guess.task, guess.reason)}")
    elif kind := kind_settings(facts, target, values["task"], reasons):
        values["task"] = _with(values["task"], kind)
    hidden = [*ignore, *(c for c in (given.get("group"), given.get("order")) if c)]
    values["inputs"] = _inputs(facts, values, named, hidden, reasons, readings)
    if reads_others(named):
        reasons.extend(_unheard(facts, values["inputs"]))
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
    size = Size(facts, task, values["inputs"])
    size.suit(values["inputs"], named, reasons)
    _choose_parts(task, values, partial, reasons)
    sized = size.train(values, reasons)
    return Inferred(_in_order(sized | values), reasons)


def _named_inputs(given: dict[str, Any], target: str, columns: Collection[str]) -> dict[str, Any]:
    """Returns the settings of the inputs that the user or the task names, checked."""
    named = given.get("inputs") or {OTHERS: {}}
    check_mapping("inputs", named, "{image: {size: 32}}")
    if asked := _asked_for(given.get("task"), columns):
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


def _asked_for(task: Any, columns: Collection[str]) -> dict[str, Any]:
    """Returns the inputs that a task, or its settings, name."""
    settings = {}
    if isinstance(task, Mapping):
        settings = task
    name = settings.get("name") or (task if isinstance(task, str) else None)
    if name is None:
        return {}
    chosen = task_named(name)
    return {one: {} for one in chosen.input_names(settings)} | chosen.own_inputs(columns)


def _readings(table: Table, given: Mapping[str, Any]) -> dict[str, Reading]:
    """Returns how columns are read, as far as the user said so."""
    readings = readings_of(given.get("columns"))
    for column in readings:
        if column not in table.column_names:
            raise RecipeError(f"columns: {unknown('column', column, table.column_names)}")
    return readings


def _unheard(facts: Profile, inputs: dict[str, Any]) -> Iterator[str]:
    """Yields a sentence for each video input whose sound no input reads."""
    table = facts.table
    heard = {columns_of(n, c)[0] for n, c in inputs.items() if c["modality"] == "audio"}
    for name, config in inputs.items():
        column = columns_of(name, config)[0]
        if config["modality"] != "video" or column in heard:
            continue
        films = [cell for cell in facts.sample(column) if cell is not None][:_OPENED]
        count = sum(_has_sound(film, table) for film in films)
        if count:
            free = "audio"
            while free in inputs or free in table.column_names:
                free += "_track"
            options = " ".join(
                (
                    set_option("inputs", free, "modality", value="audio"),
                    set_option("inputs", free, "column", value=yaml_name(column)),
                    set_option("inputs", name, "modality", value="video"),
                )
            )
            yield (
                f"input {name}: {count} of the {len(films)} videos opened have sound, which is "
                f"not used. To use both: {options}. Without the last option only the sound is "
                "used."
            )


def _has_sound(film: Any, table: Table) -> bool:
    try:
        return video_info(film, table.root).has_sound
    except DataError:
        return False  # the check of all rows says so


def _leave_out(name: str, inputs: dict[str, Any], reasons: list[str]) -> None:
    """Removes an input that would distract, and its reasons."""
    del inputs[name]
    reasons[:] = [r for r in reasons if not r.startswith(f"input {name}: ")]
    reasons.append(
        f"input {name}: Ignored because a transcript depends on the recording, "
        f"which often comes alone; to use it anyway: "
        f"{set_option('inputs', name, 'modality')}"
    )


def _inputs(
    facts: Profile,
    values: dict,
    named: dict[str, dict],
    hidden: list[str],
    reasons: list[str],
    readings: dict[str, Reading],
) -> dict[str, Any]:
    """Returns the settings of the inputs named, and of all others where OTHERS is among them.

    How columns of tabular inputs are read is put into `readings`.
    """
    table, others = facts.table, reads_others(named)
    given = {name: config for name, config in named.items() if name != OTHERS or config}
    read = {c for n, config in given.items() for c in columns_of(n, config)}
    guesses = {}
    if others or any("modality" not in config for config in given.values()):
        judged = judge_columns(facts, values["target"] or None, hidden, alone=read)
        guesses = {g.name: g for g in judged.inputs}
        guesses |= {
            n: guesses[c]
            for n, config in given.items()
            if n not in guesses
            for c in columns_of(n, config)[:1]
            if c in guesses
        }
    if others:
        left_out = [c for c in judged.left_out if c.column not in read]
        _check_media(table, left_out)
        reasons.extend(f"column {c.column}: {c.reason}" for c in left_out)
        reasons.extend(_read_otherwise(guesses, given))
        given = {
            n: given.get(n, {})
            for n, g in guesses.items()
            if n in given or not read.intersection(g.columns)
        } | given
    else:
        unread = [c for c in table.column_names if c not in {values["target"], *hidden, *read}]
        reasons.extend(_unread(unread, values["task"], table.column_names, list(given)))
    if not given:
        told = "".join(f'\n  column "{c.column}": {c.reason}' for c in left_out[:_SHOWN])
        raise RecipeError(
            f"{table.name} has no column that could be an input besides the target "
            f'"{values["target"]}". Add one, or name it under inputs in a recipe.'
            f"{told}"
        )
    kinds = {
        name: config.get("modality") or getattr(guesses.get(name), "modality", None)
        for name, config in given.items()
    }
    task = task_of(values["task"])
    return {
        name: _input(
            facts,
            name,
            dict(config),
            guesses.get(name),
            task,
            [str(k) for n, k in kinds.items() if n != name],
            reasons,
            readings,
        )
        for name, config in given.items()
    }


def _unread(
    columns: list[str], task: Any, names: Collection[str], inputs: list[str]
) -> Iterator[str]:
    """Yields a sentence for the columns that no input reads."""
    sliced = [column for column in columns if column in task_of(task).sliced_by]
    if sliced:
        yield f"columns {', '.join(sliced)}: Not read; scores are cut by them."
    rest = [column for column in columns if column not in sliced]
    if not rest:
        return
    listed = f"columns {', '.join(rest)}: Not used because"
    if task_of(task).converses:
        yield f"{listed} an assistant reads {', '.join(inputs)}."
    elif _asked_for(task, names):
        yield (
            f"{listed} the task reads {', '.join(inputs)}; name them under inputs to use them too."
        )
    else:
        yield f'{listed} inputs names others; add "{OTHERS}": {{}} to inputs to use them too.'


def _read_otherwise(guesses: dict[str, Any], given: dict[str, dict]) -> Iterator[str]:
    """Yields a sentence for each input that is missing because a named input reads its column as
    another modality."""
    for name, guess in guesses.items():
        readers = {
            n: config.get("modality") or guess.modality
            for n, config in given.items()
            if set(guess.columns).intersection(columns_of(n, config))
        }
        if name not in given and readers and guess.modality not in readers.values():
            reader, modality = next(iter(readers.items()))
            setting = set_option("inputs", name, "modality", value=guess.modality)
            yield (
                f"input {name}: not read as {guess.modality}, because inputs.{reader} reads its "
                f"column as {modality}. To use both: {setting}."
            )


def _check_media(table: Table, left_out: list[LeftOut]) -> None:
    for column in left_out:
        if column.problem:
            raise DataError(
                f"names media, but {column.problem}.",
                f"Correct the paths, or leave the column out with "
                f"{option('--ignore', column.column)}.",
                table=table.name,
                column=column.column,
                reason="missing_file",
            )


def _input(
    facts: Profile,
    name: str,
    config: dict,
    guess: Any,
    task: Task,
    others: list[str],
    reasons: list[str],
    readings: dict[str, Reading],
) -> dict[str, Any]:
    """Returns one input's settings: the user's, then those that its cells suggest, given the
    modalities `others` of the other inputs."""
    config = encoder_config(config)
    if reads_pictures(config) and holds_videos(facts, columns_of(name, config)[0], task):
        config = as_frames(config)
        reasons.append(
            f"input {name}: frames, because its encoder reads images and its column "
            f"holds videos: {set_option('inputs', name, 'num_frames', value='8')}"
        )
    if "modality" not in config:
        if guess is None:
            check_columns(facts.table, name, columns_of(name, config))
            raise RecipeError(
                f"inputs.{name} needs a modality, because its column gives no hint. "
                f"Got none. Write inputs.{name}.modality: text."
            )
        config["modality"] = guess.modality
        reasons.append(f"input {name}: {_why(guess.modality, guess.reason)}")
    modality = find("preprocess", config["modality"])
    if guess is not None and guess.columns != [name] and config["modality"] == guess.modality:
        config.setdefault(
            *(
                ("columns", list(guess.columns))
                if modality.has_fields
                else ("column", guess.columns[0])
            )
        )
    chosen = {"modality": config["modality"], "encoder": modality.encoder}
    if isinstance(config.get("encoder"), Mapping):
        config["encoder"] = {"name": modality.encoder, **config["encoder"]}
    if modality.has_fields:
        return chosen | tabular_settings(facts, name, config, guess, readings) | config
    if guess is not None and guess.modality == config["modality"]:
        keep_readings(guess.fields, readings)
    columns = columns_of(name, config)
    check_columns(facts.table, name, columns)
    suggested = modality.suggest(facts.sample(columns[0]), facts.table.root)
    suggested |= modality.among(others)
    if config["modality"] == "text" and not {"encoder", "tokenizer"} & set(config):
        found, reason = text_for(
            task,
            facts.texts(config.get("column", name)),
            is_plain(task, ["text", *others], len(facts)),
        )
        suggested |= found
        reasons.extend([f"input {name}: {reason}"] * bool(reason))
    if encoder_name(config) is not None:
        suggested |= needed_by(encoder_name(config), config)
    return chosen | suggested | config


def _why(kind: str, reason: str) -> str:
    """Returns a kind with its reason: "image because 20 of 20 cells are image files"."""
    for start in (
        f"The task is {kind} because ",
        f"Read as {kind} because ",
        f"Read as one {kind} input because ",
    ):
        if reason.startswith(start):
            return f"{kind}, because {reason.removeprefix(start)}"
    return f"{kind}. {reason}"


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
