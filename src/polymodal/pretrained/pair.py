"""An imported pair, such as CLIP: both towers, and how their vectors are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from polymodal.bundle import read, weights, write
from polymodal.bundle.names import weight_names
from polymodal.core import lookup
from polymodal.core.contracts.batch import input_key
from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.layers.watch import without_random_values
from polymodal.pretrained.keys import ORIGIN, is_pair
from polymodal.pretrained.part import Part, assembled
from polymodal.pretrained.reading.checkpoint import Checkpoint

__all__ = ["Pair", "load_pair", "read_comparison"]

SIDES = ("text", "image")  # the inputs of the bundle in their order; the first asks
_SCALE, _BIAS = "head.log_scale", "head.bias"  # names of weights
_THEIRS = {_SCALE: "logit_scale", _BIAS: "logit_bias"}
_BIASED = "sigmoid"  # the comparison that has a bias
_TINY = 1e-12


@dataclass
class Pair:
    """Two encoders whose vectors can be compared, as they were published.

    In a folder it is a bundle of the task retrieval, which `polymodal.load` loads.

    Args:
        text: Part.
        image: Part.
        comparison: str, "softmax" (CLIP) or "sigmoid" (SigLIP).
        log_scale: float, logarithm of what similarities are multiplied by.
        bias: float, added to what comes out.
        origin: family, licence, source and the sha256 of each file that was read.

    Raises:
        BundleError: vectors of different widths.
    """

    text: Part
    image: Part
    comparison: str
    log_scale: float
    bias: float
    origin: Mapping[str, Any]

    name: ClassVar[str] = "image and text"  # where an encoder has what it encodes

    def __post_init__(self):
        if self.text.dim != self.image.dim:
            raise BundleError(
                f"{self.origin['source']} needs texts and images as vectors of one "
                f"width. Got {self.text.dim} and {self.image.dim}. Check that "
                "config.json belongs to these weights."
            )

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self.text.dim

    @property
    def about(self) -> str:
        """What it does, as a clause."""
        return f"compares images and texts by vectors of {self.dim} numbers"

    @property
    def num_parameters(self) -> int:
        """Number of weights."""
        return self.text.num_parameters + self.image.num_parameters + len(self._comparing())

    def logits(
        self, images: Sequence[Any], texts: Sequence[str], root: str | Path | None = None
    ) -> np.ndarray:
        """Returns how well texts belong to images, float32 (images, texts), as it was trained.

        Args:
            images: paths or bytes.
            texts: list of str.
            root: folder that relative paths start from.
        """
        return self.compare(self.image.encode(images, root), self.text.encode(texts))

    def compare(self, images: np.ndarray, texts: np.ndarray) -> np.ndarray:
        """Returns the same for vectors, (images, dim) and (texts, dim)."""
        near = _unit(images) @ _unit(texts).T
        return near * np.float32(np.exp(self.log_scale)) + np.float32(self.bias)

    def spec(self) -> dict[str, Any]:
        """Returns what `model.json` holds, in the form of a run that compares both inputs."""
        inputs = {side: dict(self._part(side).settings) for side in SIDES}
        task = {
            "name": _comparing_task(),
            "query": ["text"],
            "answer": ["image"],
            "comparison": self.comparison,
        }
        recipe = {
            "task": task,
            "target": "",
            "inputs": inputs,
            "fusion": "mean",
            "dim": self.dim,
            "dropout": 0.0,
        }
        return {"recipe": recipe, "labels": [], ORIGIN: dict(self.origin)}

    def save(
        self, folder: str | Path, files: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """Writes the pair into a folder, with further JSON files of it.

        Args:
            folder: it must not hold another model.
            files: {name: JSON mapping}.
        """
        tensors = {name: np.asarray(value, np.float32) for name, value in self._comparing().items()}
        states: dict[str, dict[str, Any]] = {"target": {}}
        for index, side in enumerate(SIDES):
            values = weights.values(weight_names(self._part(side).encoder))
            tensors |= {f"encoders.{side}.{name}": value for name, value in values.items()}
            states[input_key(index)] = self._part(side).modality.state()
        write.write(folder, self.spec(), tensors, states, files=files)

    def _part(self, side: str) -> Part:
        return {"text": self.text, "image": self.image}[side]

    def _comparing(self) -> dict[str, float]:
        """Returns the weights of the comparison by their names."""
        if self.comparison == _BIASED:
            return {_SCALE: self.log_scale, _BIAS: self.bias}
        return {_SCALE: self.log_scale}


def read_comparison(checkpoint: Checkpoint, comparison: str) -> tuple[float, float]:
    """Returns (logarithm of the scale, bias) of a published pair.

    Raises:
        BundleError: one of them is missing, or no single number.
    """
    found = []
    for ours, theirs in _THEIRS.items():
        if ours == _BIAS and comparison != _BIASED:
            found.append(0.0)
            continue
        found.append(_number(checkpoint, theirs))
    return found[0], found[1]


def _number(checkpoint: Checkpoint, name: str) -> float:
    if name not in checkpoint.names:
        raise BundleError(
            f'{checkpoint.folder} needs the tensor "{name}". It is missing. '
            "Import one tower alone with --tower image, or give the whole model."
        )
    values = checkpoint.array(name)
    if values.size != 1:
        raise BundleError(
            f'{checkpoint.folder}: tensor "{name}" needs one number. Got the '
            f"shape {values.shape}. Take the file from its source again."
        )
    return float(values.reshape(()))


def load_pair(folder: str | Path) -> Pair:
    """Loads an imported pair. Nothing that it holds is executed.

    Raises:
        BundleError: it is damaged, foreign or no imported pair.
    """
    bundle = read.read(folder)
    if not is_pair(bundle.spec):
        raise BundleError(
            f"{bundle.folder} needs to be an imported pair such as CLIP. Got "
            "something else. Give the folder that `polymodal import --out` wrote "
            "for one."
        )
    bundle.check_model()
    with read.blamed(bundle.folder / write.MODEL), without_random_values():
        recipe = Fields(Fields(bundle.spec).mapping("recipe"))
        origin = Fields(bundle.spec).mapping(ORIGIN)
        inputs = recipe.mapping("inputs")
        parts = {
            side: assembled(side, inputs[side], bundle.preprocess[input_key(index)], origin)
            for index, side in enumerate(SIDES)
        }
        comparison = Fields(recipe.mapping("task")).text("comparison")
        found = Pair(parts["text"], parts["image"], comparison, 0.0, 0.0, origin)
    return _with_weights(found, bundle)


def _with_weights(pair: Pair, bundle: read.Bundle) -> Pair:
    import keras

    comparing = {name: keras.Variable(0.0, dtype="float32") for name in pair._comparing()}
    variables: dict[str, Any] = dict(comparing)
    for side in SIDES:
        variables |= {
            f"encoders.{side}.{name}": variable
            for name, variable in weight_names(pair._part(side).encoder).items()
        }
    bundle.load_weights(variables)
    pair.log_scale = float(keras.ops.convert_to_numpy(comparing[_SCALE]))
    if _BIAS in comparing:
        pair.bias = float(keras.ops.convert_to_numpy(comparing[_BIAS]))
    return pair


def _comparing_task() -> str:
    """Returns the name of the task that compares inputs."""
    return next(name for name in lookup.names("tasks") if task_named(name).compares_inputs)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), _TINY)
