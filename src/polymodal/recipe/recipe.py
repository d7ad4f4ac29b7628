"""The recipe: everything that a run does, as constructor arguments that YAML can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from polymodal.core import arguments, lookup
from polymodal.core.errors import RecipeError
from polymodal.recipe.heard import HEARD_BY, check_heard
from polymodal.recipe.starts import check_words, split_words
from polymodal.tables.reading.reading import readings_of

INPUT_KEYS = ("modality", "encoder", "column", "columns", HEARD_BY)


class Recipe:
    """What to train: inputs with their encoders, how to fuse them, and what to predict.

    Args:
        target: str, column to predict.
        inputs: mapping of input names to their settings. `modality` and `encoder` choose by name;
            `column` (or `columns` for tabular) defaults to the input's own name; `heard_by` names a
            recogniser that transcribes a missing text (`recipe.heard`); every other key is
            an argument of that modality's preprocessing or of that encoder.
        task: str, a name in `polymodal.tasks`, or a mapping `{name: ..., argument: ...}`.
        fusion: str or mapping, a name in `polymodal.fusion`.
        sequence: str, mapping or None, sequence model over the fused tokens: recurrent, attention
            or none.
        dim: int, width of every encoder's tokens.
        dropout: float or None, rate in every part that does not set its own; None = defaults of the
            parts.
        group: str or None, column whose equal values make one sequence of rows.
        order: str or None, column that orders the rows of a sequence.
        columns: mapping of columns to how their cells are read, such as
            `{price: {decimal: ",", missing: [-]}}`; the rest is inferred from the column
            (`tables.reading.reading.Reading`).
        training: mapping of the settings of `Training`.
        plugins: mapping of the parts from outside the package that the recipe was made with to the
            sha256 of their files: `{encoders.lines: 4f0c...}`. They have to be the same.
        objectives: mapping of auxiliary losses, names in `polymodal.model.objectives`, to their
            settings: `{single_modality: {weight: 0.5}}`.

    Raises:
        RecipeError: an unknown name or a wrong type; the message has the nearest valid name.
    """

    def __init__(
        self,
        target: str,
        inputs: dict[str, Any],
        task: str | dict[str, Any] = "classification",
        fusion: str | dict[str, Any] = "concat",
        sequence: str | dict[str, Any] | None = None,
        dim: int = 128,
        dropout: float | None = None,
        group: str | None = None,
        order: str | None = None,
        training: dict[str, Any] | None = None,
        columns: dict[str, Any] | None = None,
        plugins: dict[str, Any] | None = None,
        objectives: dict[str, Any] | None = None,
    ):
        lookup.check_plugins(plugins or {})
        arguments.check_bounds({"dim": dim}, "")
        if not inputs:
            raise RecipeError("A recipe needs at least one input. Got none. Add one under inputs.")
        check_whole(dropout, group, order)
        self.target, self.dim, self.group, self.order = target, dim, group, order
        self.dropout = dropout
        self.task = named(task, "tasks", "task")
        self.fusion = named(fusion, "fusion", "fusion")
        if sequence in (None, "none"):
            self.sequence = None
        else:
            self.sequence = named(sequence, "sequence", "sequence")
        self.inputs = {name: _input(name, value) for name, value in inputs.items()}
        self.objectives = checked_objectives(objectives)
        self.training = dict(training or {})
        for name, config in self.inputs.items():
            check_free(name, config, target, group, order)
        self.columns = {name: reading.to_dict() for name, reading in readings_of(columns).items()}
        self.plugins = lookup.used_plugins(self._parts())

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Yields (package, name) of every part that the recipe names."""
        for config in self.inputs.values():
            yield "preprocess", config["modality"]
            yield "encoders", str(encoder_name(config))
        for package, config in (
            ("tasks", self.task),
            ("fusion", self.fusion),
            ("sequence", self.sequence),
            ("decoders", self._decoder()),
        ):
            if config:
                yield package, config["name"]

    def _decoder(self) -> dict[str, Any] | None:
        decoder = self.task.get("decoder")
        if isinstance(decoder, str):
            return {"name": decoder}
        if decoder is not None and "name" not in decoder:
            return None  # settings of the one that the task has anyway
        return decoder

    def to_dict(self) -> dict[str, Any]:
        """Returns the recipe as plain values, in the order in which a person reads it."""
        values: dict[str, Any] = {"task": _short(self.task), "target": self.target}
        if self.group:
            values |= {"group": self.group} | ({"order": self.order} if self.order else {})
        if self.columns:
            values["columns"] = self.columns
        values |= {"inputs": self.inputs, "fusion": _short(self.fusion)}
        if self.sequence:
            values["sequence"] = _short(self.sequence)
        values["dim"] = self.dim
        if self.dropout is not None:
            values["dropout"] = self.dropout
        if self.objectives:
            values["objectives"] = self.objectives
        values["training"] = self.training
        return values | ({"plugins": self.plugins} if self.plugins else {})

    def to_yaml(self) -> str:
        """Returns the recipe as YAML that `read` reads back."""
        return to_yaml(self.to_dict())

    def only(self, *names: str) -> Recipe:
        """Returns the same recipe with only these inputs, as single-modality baselines need it."""
        values = self.to_dict()
        if set(names) != set(self.inputs):  # of other inputs, the weights of what is behind fit not
            values |= {"task": split_words(self.task)[0], "fusion": split_words(self.fusion)[0]}
            if self.sequence:
                values |= {"sequence": split_words(self.sequence)[0]}
        return from_dict(values | {"inputs": {n: self.inputs[n] for n in names}})


def to_yaml(values: Mapping[str, Any]) -> str:
    """Returns parts of a recipe as YAML, short lists and the settings of an input on one line."""
    return yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def from_dict(values: Any, where: str = "recipe") -> Recipe:
    """Builds a Recipe from plain values, checking names and types."""
    if not isinstance(values, Mapping):
        raise RecipeError(
            f"{where} needs a mapping with target and inputs. Got {arguments.shown(values)}."
        )
    return arguments.build(Recipe, values, where)


def columns_of(name: str, config: Mapping[str, Any]) -> list[str]:
    """Returns the columns that an input reads, by its name and settings."""
    return list(config.get("columns") or [config.get("column", name)])


def check_whole(
    dropout: float | None = None, group: str | None = None, order: str | None = None
) -> None:
    """Raises RecipeError where settings of the recipe as a whole cannot be."""
    if order and not group:
        raise RecipeError(
            f'order: "{order}" needs group. Got none. Name the column that '
            "has the sequence's name under group."
        )
    if dropout is not None and not 0 <= dropout < 1:
        raise RecipeError(
            f"dropout needs 0 <= dropout < 1. Got {dropout}. Try 0.2, or leave it out."
        )


def check_free(
    name: str, config: Mapping[str, Any], target: Any, group: Any = None, order: Any = None
) -> None:
    """Raises RecipeError where an input reads the target, or what only arranges the rows.

    Args:
        name: str, of the input.
        config: its settings.
        target, group, order: names of columns, or None.
    """
    taken = {
        order: "the order of a sequence's rows",
        group: "the group that makes sequences",
        target: "the target, which the model is to predict",
    }
    for column in columns_of(name, config):
        if column is not None and column in taken:
            raise RecipeError(
                f"inputs.{name} needs a column that is neither the target nor the group or order. "
                f'Got "{column}", {taken[column]}. Take it out of inputs, or name another column.'
            )


def reads_others(inputs: Mapping[str, Any]) -> bool:
    """Returns whether all other columns are read too; with settings, "*" is an input as any."""
    return OTHERS in inputs and not inputs[OTHERS]


def named(value: Any, package: str, where: str) -> dict[str, Any]:
    """Returns `{"name": ..., argument: ...}` for a name or a mapping, checking the name."""
    if not isinstance(value, str):
        arguments.check_mapping(where, value, "{name: ...}")
    config = {"name": value} if isinstance(value, str) else dict(value)
    check_words(config, where)
    name = config.get("name")
    if name is None:
        raise RecipeError(
            f"{where} needs a name next to {', '.join(config) or 'its settings'}. "
            f"Got none. Write {where}.name, one of "
            f"{', '.join(lookup.names(package))}."
        )
    if name not in lookup.names(package):
        raise RecipeError(f"{where}: {lookup.unknown(where, str(name), lookup.names(package))}")
    return config


def check_input(name: str, config: Any) -> None:
    """Raises RecipeError where the settings of an input have a wrong name or type; any may be
    open."""
    where = f"inputs.{name}"
    arguments.check_mapping(where, config, "{modality: image}")
    config = encoder_config(config)
    check_words(_words_of(config), f"{where}.encoder")
    config["encoder"] = encoder_name(config)
    for key, package in (("modality", "preprocess"), ("encoder", "encoders")):
        names = lookup.names(package)
        if config.get(key) is not None and config[key] not in names:
            raise RecipeError(f"{where}: {lookup.unknown(key, config[key], names)}")
    arguments.convert(config.get("column"), str | None, f"{where}.column")
    for column in arguments.convert(config.get("columns"), list | None, f"{where}.columns") or ():
        arguments.convert(column, str, f"{where}.columns")
    check_heard(config, where)
    arguments.check_bounds(config, where)


def encoder_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an input's settings with those of its encoder next to them.

    An encoder may be a mapping. `encoder` then holds its name and where it starts from, the name
    alone where it says no more.

    Example:

    >>> encoder_config({"encoder": {"name": "vit", "num_layers": 2}})
    {'encoder': 'vit', 'num_layers': 2}
    """
    encoder = config.get("encoder")
    if not isinstance(encoder, Mapping):
        return dict(config)
    settings, words = split_words(encoder)
    name = settings.pop("name", None)
    named = {} if name is None else {"name": name}
    return {**config, **settings, "encoder": {**named, **words} if words else name}


def encoder_name(config: Mapping[str, Any]) -> Any:
    """Returns the name of an input's encoder, or None where it is open."""
    encoder = config.get("encoder")
    if isinstance(encoder, Mapping):
        return encoder.get("name")
    return encoder


def encoder_for(modality: str) -> str:
    """Returns the encoder that serves a modality where the recipe names none."""
    return lookup.find("preprocess", modality).encoder


def _words_of(config: Mapping[str, Any]) -> dict[str, Any]:
    encoder = config.get("encoder")
    if isinstance(encoder, Mapping):
        return split_words(encoder)[1]
    return {}


def checked_objectives(given: Any) -> dict[str, dict[str, Any]]:
    """Returns the settings of each objective. Raises RecipeError where there is none of a name."""
    if given is None:
        given = {}
    arguments.check_mapping("objectives", given, "{word_spotting: {weight: 0.5}}")
    found = {}
    for name, settings in given.items():
        if name not in lookup.names(OBJECTIVES):
            raise RecipeError(lookup.unknown("objective", name, lookup.names(OBJECTIVES)))
        found[name] = {} if settings is None else settings
        arguments.check_mapping(f"objectives.{name}", found[name], "{weight: 0.5}")
    return {name: dict(settings) for name, settings in found.items()}


def _input(name: str, value: Any) -> dict[str, Any]:
    check_input(name, value)
    config = encoder_config(value)
    modality = config.get("modality")
    known = lookup.names("preprocess")
    if modality not in known:
        raise RecipeError(f"inputs.{name}: {lookup.unknown('modality', str(modality), known)}")
    if encoder_name(config) is None:
        config = encoder_config(
            config | {"encoder": {"name": encoder_for(modality), **_words_of(config)}}
        )
    return {key: config[key] for key in sorted(config, key=_input_order)}


OBJECTIVES = "model.objectives"  # where their files are
OTHERS = "*"  # among inputs: all other columns too, as they are inferred


def _input_order(key: str) -> int:
    if key in INPUT_KEYS:
        return INPUT_KEYS.index(key)
    return len(INPUT_KEYS)


def _short(config: dict[str, Any]) -> str | dict[str, Any]:
    if len(config) == 1:
        return config["name"]
    return config


class _Dumper(yaml.SafeDumper):
    """Writes short lists and the settings of one input on one line."""


def _dump_mapping(dumper: yaml.SafeDumper, value: dict) -> yaml.Node:
    flat = all(not isinstance(v, dict) for v in value.values()) and "modality" in value
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=flat)


def _dump_list(dumper: yaml.SafeDumper, value: list | tuple) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(dict, _dump_mapping)
_Dumper.add_representer(list, _dump_list)
_Dumper.add_representer(tuple, _dump_list)
