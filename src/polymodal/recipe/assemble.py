"""From a recipe to objects: modalities, target, and, once shapes are known, the Keras model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from polymodal.core import arguments
from polymodal.core.batch import input_key
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find, unknown
from polymodal.recipe.recipe import INPUT_KEYS, Recipe


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
    return [_build_input(i, name, config)
            for i, (name, config) in enumerate(recipe.inputs.items())]


def _build_input(index: int, name: str, config: dict[str, Any]) -> Input:
    where = f"inputs.{name}"
    modality = find("preprocess", config["modality"])
    encoder = find("encoders", config["encoder"])
    of_modality = arguments.parameters(modality)
    of_encoder = arguments.parameters(encoder, skip=("dim", "vocabulary_size", "kwargs"))
    settings = {k: v for k, v in config.items() if k not in INPUT_KEYS}
    for key in settings:
        if key not in of_modality and key not in of_encoder:
            known = [*of_modality, *of_encoder]
            raise RecipeError(f"{where}: {unknown('setting', key, known)}")
    columns = config.get("columns") or [config.get("column", name)]
    preprocess = {k: v for k, v in settings.items() if k in of_modality}
    chosen = {k: v for k, v in settings.items() if k not in of_modality}
    return Input(
        name, input_key(index), arguments.build(modality, preprocess, where), list(columns),
        config["encoder"], arguments.check(encoder, chosen, where))


def build_target(recipe: Recipe) -> Any:
    """Builds the object that turns target cells into what the loss sees."""
    return _with_settings(recipe.task, "preprocess.targets", "tasks")


def build_model(recipe: Recipe, inputs: list[Input], target: Any, **settings: Any) -> Any:
    """Builds the Keras model, its variables made by one call on a small empty batch.

    Args:
        recipe: Recipe.
        inputs: list of Input, whose modalities have been fitted or restored.
        target: object of `polymodal.preprocess.targets`, fitted or restored.
        settings: `modality_dropout`, `label_smoothing`, as training has them.
    """
    from polymodal.tasks.model import Model

    encoders = {i.name: _build_encoder(recipe, i) for i in inputs}
    fusion = _build_part("fusion", recipe.fusion, recipe.dim, recipe.task["name"])
    sequence = recipe.sequence and _build_part("sequence", recipe.sequence, recipe.dim, "")
    task = _build_task(recipe, target, settings.pop("label_smoothing", 0.0))
    model = Model(encoders, {i.name: i.key for i in inputs}, fusion, task, sequence=sequence,
                  **settings)
    model(empty_batch(inputs, target))
    return model
