"""The inputs of a recipe and their settings, as the columns suggest them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from polymodal.core.advice import option, set_option
from polymodal.core.contracts.named_task import task_named, task_of
from polymodal.core.contracts.task import Task
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import find
from polymodal.profile.columns import LeftOut, judge_columns
from polymodal.profile.profile import Profile
from polymodal.recipe.cells import (
    check_columns,
    keep_readings,
    tabular_settings,
)
from polymodal.recipe.defaults import is_plain, text_for
from polymodal.recipe.frames import as_frames, holds_videos, reads_pictures
from polymodal.recipe.needed import needed_by
from polymodal.recipe.recipe import (
    OTHERS,
    columns_of,
    encoder_config,
    encoder_name,
    reads_others,
)
from polymodal.tables.reading.reading import Reading
from polymodal.tables.table import Table

_SHOWN = 10  # ignored columns that an error lists


def guess_inputs(
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
    elif asked_for(task, names):
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
        reasons.append(f"input {name}: {because(guess.modality, guess.reason)}")
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


def because(kind: str, reason: str) -> str:
    """Returns a kind with its reason: "image because 20 of 20 cells are image files"."""
    for start in (
        f"The task is {kind} because ",
        f"Read as {kind} because ",
        f"Read as one {kind} input because ",
    ):
        if reason.startswith(start):
            return f"{kind}, because {reason.removeprefix(start)}"
    return f"{kind}. {reason}"


def asked_for(task: Any, columns: Collection[str]) -> dict[str, Any]:
    """Returns the inputs that a task, or its settings, name."""
    settings = {}
    if isinstance(task, Mapping):
        settings = task
    name = settings.get("name") or (task if isinstance(task, str) else None)
    if name is None:
        return {}
    chosen = task_named(name)
    return {one: {} for one in chosen.input_names(settings)} | chosen.own_inputs(columns)
