"""From a recipe to objects: modalities, target, and, once shapes are known, the Keras model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polymodal.core import arguments
from polymodal.core.contracts.batch import PREVIOUS, input_key, mask_key
from polymodal.core.contracts.named_task import task_of
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find, unknown
from polymodal.core.memory import gigabytes, memory_bytes
from polymodal.recipe.adapting import adapt, freeze_base
from polymodal.recipe.needed import as_needed, needed_by
from polymodal.recipe.recipe import INPUT_KEYS, OBJECTIVES, Recipe, columns_of, encoder_name
from polymodal.recipe.starts import freeze, has_frozen_encoder, split_words

_STEPS = 8  # of an input with time, when a model is made
_WIDTH = 32  # numbers that a usual first layer makes of each value


@dataclass(frozen=True)
class Input:
    """One input of a recipe: its preprocessing object, its columns, its encoder's settings."""

    name: str
    key: str
    modality: Any
    columns: list[str]
    encoder: str
    encoder_settings: dict[str, Any]


def build_inputs(recipe: Recipe) -> list[Input]:
    """Builds the preprocessing of every input and sorts its settings from the encoder's.

    Raises:
        RecipeError: a setting that neither has, or a wrong type; the message has the nearest.
    """
    return [
        _build_input(i, name, config, recipe.columns)
        for i, (name, config) in enumerate(recipe.inputs.items())
    ]


def _build_input(index: int, name: str, config: dict[str, Any], readings: dict[str, Any]) -> Input:
    where = f"inputs.{name}"
    encoder = find("encoders", str(encoder_name(config)))
    preprocess, chosen = input_settings(name, config, readings)
    built = arguments.build(find("preprocess", config["modality"]), preprocess, where)
    built.is_still = has_frozen_encoder(config)
    return Input(
        name,
        input_key(index),
        built,
        columns_of(name, config),
        str(encoder_name(config)),
        arguments.check(encoder, chosen, where),
    )


def input_settings(
    name: str, config: dict[str, Any], readings: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the settings of an input's preprocessing, and those of its encoder.

    Args:
        name: str, of the input.
        config: its settings in the recipe.
        readings: {column: how its cells are read}.

    Raises:
        RecipeError: a setting that neither has.
    """
    where = f"inputs.{name}"
    modality = find("preprocess", config["modality"])
    chosen_encoder = str(encoder_name(config))
    of_modality = arguments.parameters(modality)
    of_encoder = arguments.parameters(
        find("encoders", chosen_encoder), skip=("dim", "vocabulary_size", "kwargs")
    )
    settings = {k: v for k, v in config.items() if k not in INPUT_KEYS}
    for key in settings:
        if key not in of_modality and key not in of_encoder:
            known = [*INPUT_KEYS, *of_modality, *of_encoder]
            raise RecipeError(f"{where}: {unknown('setting', key, known)}")
    preprocess = {k: v for k, v in settings.items() if k in of_modality}
    own = {c: readings[c] for c in columns_of(name, config) if c in readings}
    if own and "readings" in of_modality:
        preprocess["readings"] = own | (preprocess.get("readings") or {})
    chosen = {k: v for k, v in settings.items() if k not in of_modality}
    preprocess = as_needed(
        where, chosen_encoder, config["modality"], preprocess, needed_by(chosen_encoder, chosen)
    )
    return preprocess, chosen


def build_target(recipe: Recipe) -> Any:
    """Builds the object that turns target cells into what the loss sees.

    Raises:
        RecipeError: a setting of the task that neither the task nor its target has.
    """
    task = task_of(recipe.task)
    of_target = arguments.parameters(task.target)
    of_task = arguments.parameters(task.head, skip=("num_outputs",))
    for key in [*_target_settings(recipe), *_settings(recipe.task)]:
        if key not in of_target and key not in of_task and key not in task.kind:
            known = [*of_target, *of_task, *task.kind]
            raise RecipeError(f"task: {unknown('setting', key, known)}")
    built = target_alone(recipe)
    if task.compares_inputs:
        built.reads({name: columns_of(name, config) for name, config in recipe.inputs.items()})
    return built


def target_alone(recipe: Recipe) -> Any:
    """Builds the same object of a recipe that was checked before; loads no engine."""
    return arguments.build(task_of(recipe.task).target, _target_settings(recipe), "task")


def _target_settings(recipe: Recipe) -> dict[str, Any]:
    of_target = arguments.parameters(task_of(recipe.task).target)
    given = {**recipe.columns.get(recipe.target, {}), **_settings(recipe.task)}
    return {key: value for key, value in given.items() if key in of_target}


def check_parts(recipe: Recipe) -> None:
    """Checks the settings of fusion, sequence model and objectives, which are built after the data.

    Raises:
        RecipeError: a setting that one of them does not have, or of a wrong type.
    """
    for package, config in (("fusion", recipe.fusion), ("sequence", recipe.sequence)):
        if config:
            arguments.check(find(package, config["name"]), _settings(config), package)
    for name, config in recipe.objectives.items():
        arguments.check(find(OBJECTIVES, name), config, f"objectives.{name}")


def build_model(
    recipe: Recipe,
    inputs: list[Input],
    target: Any,
    *,
    modality_dropout: float = 0.0,
    label_smoothing: float = 0.0,
    seed: int = 0,
    bytes_per_parameter: int = arguments.BYTES_PER_PARAMETER,
) -> tuple[Any, Any]:
    """Builds the Keras model, its variables made by one call on a batch of zeros, and its head.

    Args:
        recipe: Recipe.
        inputs: list of Input, whose modalities have been fitted or restored.
        target: Target, fitted or restored.
        modality_dropout: float, rate at which training hides an input.
        label_smoothing: float, for tasks that have it.
        seed: int, of weights and dropout.
        bytes_per_parameter: int, what is kept of each; 4 where it is not trained.

    Raises:
        RecipeError: a setting that a part does not have, or a model larger than the memory.
    """
    import keras

    from polymodal.layers.watch import before_variables
    from polymodal.model.model import Model

    keras.utils.set_random_seed(seed)
    head = build_head(recipe, target, label_smoothing=label_smoothing)
    fusion, sequence = _build_middle(recipe, head)
    model = Model(
        {i.name: _build_encoder(recipe, i) for i in inputs},
        {i.name: i.key for i in inputs},
        fusion,
        head,
        sequence=sequence,
        objectives=_build_objectives(recipe, target, inputs),
        modality_dropout=modality_dropout,
        seed=seed,
        projections=_build_projections(recipe, inputs, head),
        several=[i.name for i in inputs if i.modality.several],
        frame_tokens={i.name: i.modality.frame_tokens for i in inputs if i.modality.frame_tokens},
    )
    _check_inputs(inputs)
    adapt(model, recipe)
    with before_variables(Sizes(bytes_per_parameter)):
        model(empty_batch(inputs, target))
    freeze(model, recipe)
    freeze_base(model, recipe)
    return model, head


def _build_middle(recipe: Recipe, head: Any) -> tuple[Any, Any]:
    """Returns the fusion, and the sequence model or None; towers where a task has groups."""
    if head.groups:
        return towers_for(recipe, head.groups), None
    stepwise = head.per_step or head.autoregressive
    fusion = _build_part("fusion", recipe.fusion, recipe, stepwise=stepwise)
    return fusion, _build_sequence(recipe)


def towers_for(recipe: Recipe, groups: dict[str, list[str]]) -> Any:
    """Returns the layer that fuses each group of inputs into a vector of its own.

    Args:
        recipe: Recipe, whose fusion and sequence model each group has for itself.
        groups: {group: names of its inputs}.

    Raises:
        RecipeError: an input in no group or in several.
    """
    from polymodal.model.towers import Towers, check_groups

    check_groups(groups, recipe.inputs)
    fusions = {group: _build_part("fusion", recipe.fusion, recipe) for group in groups}
    sequences = {group: _build_sequence(recipe) for group in groups if recipe.sequence}
    return Towers(recipe.dim, groups, fusions, sequences)


def _build_sequence(recipe: Recipe) -> Any:
    if recipe.sequence:
        return _build_part("sequence", recipe.sequence, recipe)
    return None


def _build_objectives(recipe: Recipe, target: Any, inputs: list[Input]) -> dict[str, Any]:
    """Returns the recipe's objectives, with what they take of the target and of the inputs, which
    were fitted to train."""
    found = {}
    sizes = {i.name: i.modality.vocabulary_size for i in inputs if i.modality.vocabulary_size}
    fitted = {**target.given(), "vocabularies": sizes}
    for name, config in recipe.objectives.items():
        factory = find(OBJECTIVES, name)
        known = arguments.parameters(factory)
        given = {k: v for k, v in fitted.items() if k in known and k not in config}
        found[name] = arguments.build(factory, config, f"objectives.{name}", **given)
    return found


class Sizes:
    """Counts the parameters of a model while it is made, against the memory.

    Args:
        bytes_per_parameter: int.

    Raises:
        RecipeError: the next variable would not fit.
    """

    def __init__(self, bytes_per_parameter: int):
        self.bytes_per_parameter, self.count = bytes_per_parameter, 0

    def __call__(self, shape: tuple[int, ...]) -> None:
        self.count += math.prod(shape)
        needed = self.count * self.bytes_per_parameter
        if needed > memory_bytes():
            raise RecipeError(
                f"This model has at least {self.count:,} parameters, which take "
                f"{gigabytes(needed)}. There are {gigabytes(memory_bytes())} of memory. Choose a "
                "smaller dim, fewer layers, or a smaller vocabulary."
            )


def _check_inputs(inputs: list[Input]) -> None:
    """Raises RecipeError where one step over two rows of an input would not fit in memory."""
    for item in inputs:
        values = math.prod(_STEPS if n is None else n for n in item.modality.shape)
        needed = 2 * values * _WIDTH * 4
        if needed > memory_bytes():
            raise RecipeError(
                f"inputs.{item.name} has {values:,} values in a row, of which a first layer makes "
                f"about {gigabytes(needed)} for two rows. There are {gigabytes(memory_bytes())} of "
                "memory. Choose a smaller size."
            )


def empty_batch(
    inputs: list[Input], target: Any, rows: int = 2, steps: int = _STEPS
) -> dict[str, Any]:
    """Returns a batch of zeros with the shapes that these inputs have, to build a model with."""
    batch: dict[str, Any] = {}
    for item in inputs:
        shape = tuple(steps if n is None else n for n in item.modality.shape)
        batch[item.key] = np.zeros((rows, *shape), item.modality.dtype)
        over_time = item.modality.has_time or item.modality.has_fields
        batch[mask_key(item.key)] = np.ones((rows, *shape[: int(over_time)]), bool)
    if target is not None and target.is_fed_back:
        batch[PREVIOUS] = np.zeros((rows, steps), np.int32)
    return batch


def build_head(recipe: Recipe, target: Any, **settings: Any) -> Any:
    """Builds the head: its layer, its loss, and what its outputs mean.

    Args:
        recipe: Recipe.
        target: Target, fitted or restored.
        settings: further arguments, used where the task has them and the recipe does not.
    """
    factory = task_of(recipe.task).head
    known = arguments.parameters(factory)
    config = {k: v for k, v in _settings(recipe.task).items() if k in known}
    given = _open_settings(recipe, factory, config, **{**target.given(), **settings})
    return arguments.build(factory, config, "task", num_outputs=target.num_outputs, **given)


def _derived(part: Any, package: str, name: str) -> Any:
    """Returns a part of a model, which has to keep the contract of its kind."""
    from polymodal.layers import parts

    contract = {"encoders": parts.Encoder, "fusion": parts.Fusion, "sequence": parts.SequenceModel}[
        package
    ]
    if not isinstance(part, contract):
        raise RecipeError(
            f"{package}/{name}.py needs a class derived from polymodal.layers.parts."
            f"{contract.__name__}. Got {type(part).__name__}. Derive it from that."
        )
    return part


def _build_encoder(recipe: Recipe, item: Input) -> Any:
    factory = find("encoders", item.encoder)
    given = _open_settings(
        recipe, factory, item.encoder_settings, vocabulary_size=item.modality.vocabulary_size
    )
    where = f"inputs.{item.name}"
    return _derived(
        arguments.build(factory, item.encoder_settings, where, **given), "encoders", item.encoder
    )


def _build_projections(recipe: Recipe, inputs: list[Input], head: Any) -> dict[str, Any]:
    """Returns {name: layer} that brings tokens of encoders without `dim` to the common width.

    Raises:
        RecipeError: a word for such a layer next to an encoder that needs none.
    """
    from polymodal.layers.projection import Projection

    if getattr(head, "keeps_width", False):
        return {}
    if find("fusion", recipe.fusion["name"]).any_width:
        return {}
    found = {}
    for item in inputs:
        config = recipe.inputs[item.name]["encoder"]
        words = dict(config) if isinstance(config, Mapping) else {}
        rate = float(words.get("output_dropout", 0.0))
        if "dim" not in arguments.parameters(find("encoders", item.encoder)):
            found[item.name] = Projection(recipe.dim, rate, name="project")
        elif rate:
            raise RecipeError(
                f"inputs.{item.name}: output_dropout needs an encoder with a width "
                f"of its own. Got {item.encoder}. Leave it out."
            )
    return found


def _build_part(package: str, config: dict[str, Any], recipe: Recipe, **given: Any) -> Any:
    factory = find(package, config["name"])
    settings = _settings(config)
    given = _open_settings(recipe, factory, settings, **given)
    return _derived(arguments.build(factory, settings, package, **given), package, config["name"])


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    """Returns what a part's mapping holds next to its name."""
    return {k: v for k, v in split_words(config)[0].items() if k != "name"}


def _open_settings(
    recipe: Recipe, factory: Any, chosen: dict[str, Any], **given: Any
) -> dict[str, Any]:
    """Returns a part's settings by the recipe as a whole and by `given`, without those chosen."""
    whole = {"dim": recipe.dim} | ({} if recipe.dropout is None else {"dropout": recipe.dropout})
    known = arguments.parameters(factory)
    return {k: v for k, v in {**whole, **given}.items() if k in known and k not in chosen}
