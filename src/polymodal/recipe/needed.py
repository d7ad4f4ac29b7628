"""The preprocessing that an encoder needs of its input, against what a recipe says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.core import arguments
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find

__all__ = ["as_needed", "needed_by"]


def needed_by(encoder: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of its modality that an encoder needs.

    Args:
        encoder: str, name of the encoder.
        settings: of the input; those that are not the encoder's are ignored.
    """
    factory = find("encoders", encoder)
    known = arguments.parameters(factory)
    return factory.preprocessing({k: v for k, v in settings.items() if k in known})


def as_needed(
    where: str, encoder: str, modality: str, given: Mapping[str, Any], needed: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns a modality's settings with those that the encoder needs.

    Args:
        where: str, place shown in errors: "inputs.image".
        encoder, modality: str, their names.
        given: settings of the modality in the recipe.
        needed: settings that the encoder needs.

    Raises:
        RecipeError: the modality has no such setting, or the recipe says otherwise.
    """
    known = arguments.parameters(find("preprocess", modality))
    for key, value in needed.items():
        if key not in known:
            raise RecipeError(
                f"{where}: encoder {encoder} needs a modality with the setting "
                f'"{key}". Got {modality}, which has none. Choose another encoder.'
            )
        if key in given and _plain(given[key]) != _plain(value):
            raise RecipeError(
                f"{where}.{key} needs {value}, which encoder {encoder} was trained "
                f"with. Got {arguments.shown(given[key])}. Leave {key} out."
            )
    return {**given, **needed}


def _plain(value: Any) -> Any:
    """Returns a value in one form: 224 for [224, 224], for settings of sides and channels."""
    if isinstance(value, list | tuple) and value and all(part == value[0] for part in value):
        return _plain(value[0])
    return value
