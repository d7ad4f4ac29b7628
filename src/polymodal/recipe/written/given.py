"""What a person gives: a recipe's file and single settings, checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from polymodal.core import arguments, lookup
from polymodal.core.advice import split_setting
from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import RecipeError
from polymodal.recipe.recipe import (
    OTHERS,
    Recipe,
    check_free,
    check_input,
    check_whole,
    checked_objectives,
    named,
)
from polymodal.recipe.starts import INNER, WORDS
from polymodal.recipe.written.plain_yaml import NAMES, parse, read_yaml
from polymodal.tables.reading.reading import readings_of

__all__ = ["check_given", "load", "need_target", "override", "with_pretrained", "with_target"]


def load(path: str | Path) -> dict[str, Any]:
    """Reads a YAML file of recipe settings as plain values.

    Raises:
        RecipeError: the file is absent or not YAML; the message has the line.
    """
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise RecipeError(
            f"{path} needs a mapping such as 'target: digit'. Got {arguments.shown(values)}."
        )
    return values


def override(values: dict[str, Any], settings: list[str]) -> dict[str, Any]:
    """Returns `values` with settings such as "training.epochs=5" put in. Values are YAML.

    Inputs that are set change what would be inferred: where `values` names none, all other columns
    are read as well.

    Example:

    >>> override({"training": {"seed": 1}}, ["training.epochs=5"])
    {'training': {'seed': 1, 'epochs': 5}}
    >>> override({"inputs": {"text": {"encoder": "rnn"}}}, ["inputs.text.freeze=true"])
    {'inputs': {'text': {'encoder': {'name': 'rnn', 'freeze': True}}}}
    """
    result = _copy(values)
    seen: dict[tuple[str, ...], str] = {}
    for setting in settings:
        path, text, bare = split_setting(setting)
        if text == "...":  # as printed advice writes it
            raise RecipeError(
                f"--set {'.'.join(path)} needs a value instead of the dots. Got "
                "none. Write modality=text, or whatever is meant."
            )
        value = parse(text, f"--set {'.'.join(path)}", path[-1] in NAMES)
        if bare and path[0] == "inputs":
            path = _with_inner_word(path)
        is_input = bare and path[0] == "inputs" and isinstance(value, dict)
        if is_input and path[1:] and path[-1] not in INNER:
            path = ["inputs", ".".join(path[1:])]
        if len(path) >= 3 and path[0] == "inputs" and path[2] in WORDS:
            path = [*path[:2], "encoder", *path[2:]]  # such as inputs.text.freeze
        if seen.setdefault(tuple(path), text) != text:
            raise RecipeError(
                f"--set {'.'.join(path)} needs one value. Got "
                f'"{seen[tuple(path)]}" and "{text}". Keep the one that is meant.'
            )
        _put(result, path, value)
    inputs = result.get("inputs")
    if isinstance(inputs, dict) and not values.get("inputs"):
        inputs.setdefault(OTHERS, {})
    return result


def _with_inner_word(path: list[str]) -> list[str]:
    """Returns names with a word that holds settings apart from the input in front of it."""
    name, _, word = ".".join(path[1:-1]).rpartition(".")
    if name and word in INNER:
        return ["inputs", name, word, path[-1]]  # such as inputs.text.lora.rank
    return path


def with_pretrained(values: dict[str, Any], pairs: Sequence[str]) -> dict[str, Any]:
    """Returns `values` with imported models as the encoders of inputs, frozen for few rows.

    Args:
        values: settings of a recipe.
        pairs: list of "input=folder".

    Raises:
        RecipeError: a pair without a name or a folder.

    Example:

    >>> with_pretrained({}, ["text=models/minilm"])["inputs"]["text"]
    {'encoder': {'freeze': 'auto', 'from': 'models/minilm'}}
    """
    result = _copy(values)
    for pair in pairs:
        name, _, folder = pair.partition("=")
        if not name or not folder:
            raise RecipeError(
                "--pretrained needs INPUT=FOLDER, such as text=models/minilm. Got "
                f'"{pair}". Name an input and the folder of an imported model.'
            )
        config = result.setdefault("inputs", {OTHERS: {}}).setdefault(name, {})
        given = config.get("encoder")
        words = {}
        if isinstance(given, Mapping):
            words = given
        config["encoder"] = {"freeze": "auto", **words, "from": folder}
    return result


def _put(values: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Puts a value where names lead to, making mappings on the way."""
    *parents, last = path
    place = values
    for parent in parents:
        inner: Any = place.get(parent)
        if isinstance(inner, str) and (place is values or parent == "encoder"):
            inner = {"name": inner}
        if not isinstance(inner, dict):
            inner = {}
        place[parent] = inner
        place = inner
    place[last] = value


def with_target(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns settings with the target that the task predicts where nobody names one."""
    task = values.get("task")
    name = task.get("name") if isinstance(task, Mapping) else task
    if not values.get("target") and name in lookup.names("tasks"):
        column = task_named(str(name)).target_column
        if column:
            return {**values, "target": column}
    return dict(values)


def need_target(values: Mapping[str, Any]) -> None:
    """Checks that a run knows what to predict, before any table is read.

    Raises:
        RecipeError: it does not.
    """
    task = values.get("task")
    name = task.get("name") if isinstance(task, Mapping) else task
    if name in lookup.names("tasks") and task_named(str(name)).compares_inputs:
        if values.get("target"):
            raise RecipeError(
                f"The task {name} compares inputs and needs no target. Got "
                f'"{values["target"]}". Leave it out.'
            )
        return
    if not values.get("target"):
        raise RecipeError("A run needs the column to predict. Got none. Name it with --target.")


def check_given(values: Mapping[str, Any]) -> None:
    """Checks the names and types of settings that a person gave, whichever they left open.

    Raises:
        RecipeError: an unknown name or a wrong type; the message has the nearest valid name.
    """
    given = {name: value for name, value in values.items() if value is not None}
    arguments.check_mapping("plugins", given.get("plugins", {}), "{encoders.lines: SHA256}")
    lookup.check_plugins(given.get("plugins", {}))
    for name in ("task", "fusion", "sequence"):
        if isinstance(given.get(name), Mapping) and "name" not in given[name]:
            del given[name]  # settings of the part that will be inferred
    checked = arguments.check(Recipe, given, "recipe")
    check_whole(*(checked.get(name) for name in ("dropout", "group", "order")))
    for name, package in (("task", "tasks"), ("fusion", "fusion"), ("sequence", "sequence")):
        if checked.get(name) not in (None, "none"):
            named(checked[name], package, name)
    for name, config in (checked.get("inputs") or {}).items():
        if config is not None:
            check_input(name, config)
            check_free(name, config, *(given.get(key) for key in ("target", "group", "order")))
            _check_modality(name, config)
    readings_of(checked.get("columns"))
    checked_objectives(checked.get("objectives"))
    arguments.check_mapping("training", checked.get("training") or {}, "{epochs: 5}")


def _check_modality(name: str, config: Mapping[str, Any]) -> None:
    """Builds the preprocessing of an input once, which loads no engine, to have it checked."""
    if config.get("modality") is not None:
        factory = lookup.find("preprocess", config["modality"])
        known = arguments.parameters(factory)
        arguments.build(factory, {k: v for k, v in config.items() if k in known}, f"inputs.{name}")


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    return value
