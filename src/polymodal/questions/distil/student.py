"""The recipe of a smaller model of the same kind."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from polymodal.core import arguments
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.inference.predictor import Predictor
from polymodal.recipe import assemble
from polymodal.recipe.recipe import Recipe, encoder_name, from_dict
from polymodal.recipe.starts import has_frozen_encoder

__all__ = ["scaled", "student_of"]

_WIDTHS = ("width", "hidden", "inner_width")  # settings of an encoder that its size follows
_STEP, _LEAST = 8, 8  # widths are multiples, so that heads divide them
_STEPS = 5  # halvings of the interval in which the right factor lies


def student_of(teacher: Predictor, size: float) -> tuple[dict[str, Any], int]:
    """Returns the settings of the largest model with at most `size` times the parameters, and its
    parameters.

    Args:
        teacher: Predictor.
        size: float, 0 < size <= 1.

    Raises:
        RecipeError: a size out of range, or so small that no model of the kind has it.
    """
    if not 0 < size <= 1:
        raise RecipeError(
            f"--size needs a share of the teacher's size above 0, at most 1. Got "
            f"{size}. Write --size 0.25."
        )
    most = size * teacher.model.count_params()
    low, high, found = 0.0, 1.0, None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        settings = scaled(teacher.recipe, middle)
        count = _parameters(teacher, settings)
        if count <= most:
            low, found = middle, (settings, count)
        else:
            high = middle
    if found is None:
        raise RecipeError(
            f"--size {size} needs a model of at most {most:,.0f} parameters. Got "
            f"{count:,} with the smallest widths. Choose a larger size."
        )
    return found


def scaled(recipe: Recipe, factor: float) -> dict[str, Any]:
    """Returns a recipe's settings with all widths multiplied; frozen encoders stay as they are."""
    values = copy.deepcopy(recipe.to_dict())
    values["dim"] = _width(recipe.dim, factor)
    for config in values["inputs"].values():
        if not has_frozen_encoder(config):
            _narrow(config, factor)
    values["training"].pop("last_epoch", None)
    return values


def _narrow(config: dict[str, Any], factor: float) -> None:
    """Multiplies the widths of one input's encoder, whether the recipe names them or not."""
    place = config["encoder"] if isinstance(config.get("encoder"), Mapping) else config
    usual = arguments.parameters(find("encoders", str(encoder_name(config))))
    for name in _WIDTHS:
        if name in usual and isinstance(usual[name].default, int):
            place[name] = _width(int(config.get(name, usual[name].default)), factor)
    if "dim" in config:
        config["dim"] = _width(config["dim"], factor)


def _width(width: int, factor: float) -> int:
    return min(width, max(_LEAST, round(width * factor / _STEP) * _STEP))


def _parameters(teacher: Predictor, settings: Mapping[str, Any]) -> int:
    recipe = from_dict(settings)
    inputs = assemble.build_inputs(recipe)
    for own, known in zip(inputs, teacher.inputs, strict=True):
        own.modality.restore(known.modality.state())
    model, _ = assemble.build_model(recipe, inputs, teacher.target)
    return model.count_params()
