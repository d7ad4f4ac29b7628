"""Imported models that would fit a run's inputs. They are named, never taken unasked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.core.advice import option
from polymodal.pretrained.shelf import VARIABLE, Imported, imported
from polymodal.recipe.freezing import FEW

__all__ = ["fitting_models"]


def fitting_models(inputs: Mapping[str, Mapping[str, Any]], num_rows: int) -> list[str]:
    """Returns a sentence for each input that a model in POLYMODAL_MODELS fits.

    Args:
        inputs: {name: settings} of a whole recipe.
        num_rows: int, rows to train on.
    """
    known = []
    if num_rows < FEW:
        known = imported()
    return [
        _sentence(name, model)
        for name, config in inputs.items()
        if not isinstance(config.get("encoder"), Mapping)
        for model in known
        if model.encodes == config["modality"]
    ]


def _sentence(name: str, model: Imported) -> str:
    return (
        f"input {name}: {model.folder.name} ({model.family}) in {VARIABLE} encodes "
        f"{model.encodes}. To use its frozen vectors instead of training an encoder on these "
        f"rows: {option('--pretrained', name, str(model.folder))}"
    )
