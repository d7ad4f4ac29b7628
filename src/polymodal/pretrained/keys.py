"""What an import writes into `model.json` beside what a run writes. Loads no engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polymodal.bundle import read, write
from polymodal.core.errors import BundleError

__all__ = [
    "GRAPH",
    "LANGUAGE_MODEL",
    "ORIGIN",
    "RECOGNISER",
    "is_ctc",
    "is_encoder",
    "is_graph",
    "is_pair",
    "spec_of",
]

ORIGIN = "origin"  # where the weights are from
GRAPH = "graph.onnx"  # the file of an ONNX graph
LANGUAGE_MODEL = "language_model"  # settings of a language model
RECOGNISER = "recogniser"  # settings of the decoder of a recogniser


def spec_of(folder: str | Path) -> dict[str, Any]:
    """Returns the `model.json` of a folder; nothing where it has none that can be read."""
    try:
        return read.read_json(Path(folder) / write.MODEL)
    except BundleError:
        return {}


def is_encoder(spec: Mapping[str, Any]) -> bool:
    """Returns whether a `model.json` is of one imported encoder."""
    return {ORIGIN, "recipe"} <= spec.keys() and not _task(spec["recipe"]) and not is_graph(spec)


def is_graph(spec: Mapping[str, Any]) -> bool:
    """Returns whether a `model.json` is of an imported ONNX graph."""
    if not {ORIGIN, "recipe"} <= spec.keys() or not isinstance(spec["recipe"], Mapping):
        return False
    inputs = spec["recipe"].get("inputs")
    return isinstance(inputs, Mapping) and any(
        isinstance(one, Mapping) and "graph" in one for one in inputs.values()
    )


def is_assistant(spec: Mapping[str, Any]) -> bool:
    """Returns whether a `model.json` is of an imported assistant, which writes answers."""
    return {ORIGIN, "recipe"} <= spec.keys() and "num_ids" in _task(spec["recipe"])


def is_pair(spec: Mapping[str, Any]) -> bool:
    """Returns whether a `model.json` is of an imported pair of encoders."""
    return {ORIGIN, "recipe"} <= spec.keys() and "comparison" in _task(spec["recipe"])


def is_ctc(spec: Mapping[str, Any]) -> bool:
    """Returns whether a `model.json` is of an imported recogniser that spells (CTC)."""
    return {ORIGIN, "recipe"} <= spec.keys() and _task(spec["recipe"]).get("plain") is True


def _task(recipe: Any) -> Mapping[str, Any]:
    if isinstance(recipe, Mapping) and isinstance(recipe.get("task"), Mapping):
        return recipe["task"]
    return {}
