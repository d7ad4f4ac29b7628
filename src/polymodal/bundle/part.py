"""One part of another model, such as its encoder of images: settings, preprocessing, weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle import read, weights
from polymodal.bundle.write import MODEL, WEIGHTS
from polymodal.core.contracts.batch import input_key
from polymodal.core.disk.files import sha256
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields

__all__ = ["Part", "encoder_of", "part_of", "tensors_of"]


@dataclass(frozen=True)
class Part:
    """A part of a model in a folder that training, or an import, wrote.

    Args:
        folder: Path.
        name: str, its name among the weights: "encoders.image".
        settings: its settings in that recipe; of an encoder those of the whole input.
        dim: int, width of the tokens.
        state: what the modality of an encoder's input learned, or None.
        sha256: str, of the file with the weights.
    """

    folder: Path
    name: str
    settings: Mapping[str, Any]
    dim: int
    state: Mapping[str, Any] | None
    sha256: str


def encoder_of(
    folder: str | Path, name: str, modality: str | Collection[str] | None = None
) -> Part:
    """Returns the encoder of an input, with its preprocessing.

    Args:
        folder: folder of a run, or of an imported model.
        name: str, the input; where there is none of that name, the only one of the modality.
        modality: str, which it has to be of, or several of which one; None for any.

    Raises:
        BundleError: the folder is damaged, or has no such input.
    """
    bundle = read.read(folder)
    bundle.check_model()
    recipe = _recipe(bundle)
    inputs = Fields(recipe).mapping("inputs")
    wanted = (modality,) if isinstance(modality, str) else modality
    fitting = [
        n for n, config in inputs.items() if wanted is None or config.get("modality") in wanted
    ]
    if name not in fitting:
        if len(fitting) != 1:
            shown = ", ".join(f"{n} ({config.get('modality')})" for n, config in inputs.items())
            raise BundleError(
                f'{bundle.folder} needs an input "{name}", or only one of its '
                f"modality. Got {shown}. Name one: --set "
                f"inputs.{name}.input={next(iter(inputs), name)}."
            )
        name = fitting[0]
    key = input_key(list(inputs).index(name))
    return _part(bundle, f"encoders.{name}", inputs[name], bundle.preprocess.get(key))


def part_of(folder: str | Path, key: str, name: str) -> Part:
    """Returns another part of a model.

    Args:
        folder: folder of a run.
        key: str, its place in the recipe: fusion, sequence or task.
        name: str, its name among the weights: fusion, sequence or head.

    Raises:
        BundleError: the folder is damaged, or has no such part.
    """
    bundle = read.read(folder)
    bundle.check_model()
    config = _recipe(bundle).get(key)
    if not config:
        raise BundleError(
            f"{bundle.folder} needs a {key} for its weights to be used. Got a model "
            "without one. Name another run."
        )
    return _part(bundle, name, {"name": config} if isinstance(config, str) else config, None)


def tensors_of(source: str | Path, name: str) -> dict[str, np.ndarray]:
    """Returns {path inside the part: array} of a part.

    Args:
        source: folder of a run or an imported model, or a safetensors file: of a whole model, or of
            the part alone.
        name: str, the part's name among the weights.

    Raises:
        BundleError: it is damaged, or holds no such part.
    """
    path = user_path(source)
    file = path / WEIGHTS if path.is_dir() else path
    found = weights.load(file)
    inside = {k.removeprefix(f"{name}."): v for k, v in found.items() if k.startswith(f"{name}.")}
    if not inside and not path.is_dir():
        inside = found
    if not inside:
        raise BundleError(
            f'{file} needs weights of "{name}". Got those of '
            f"{_beginnings(found)}. Name another run."
        )
    return inside


def digest_of(source: str | Path) -> str:
    """Returns the sha256 of the file with the weights."""
    path = user_path(source)
    file = path / WEIGHTS if path.is_dir() else path
    if not file.is_file():
        raise BundleError(f"{file} needs to be a file of weights. Found none. Check the path.")
    return sha256(file)


def _recipe(bundle: read.Bundle) -> Mapping[str, Any]:
    with read.blamed(bundle.folder / MODEL):
        return Fields(bundle.spec).mapping("recipe")


def _part(
    bundle: read.Bundle, name: str, settings: Mapping[str, Any], state: Mapping[str, Any] | None
) -> Part:
    with read.blamed(bundle.folder / MODEL):
        dim = Fields(_recipe(bundle)).whole("dim", 1, 65_536)
    return Part(bundle.folder, name, settings, dim, state, sha256(bundle.folder / WEIGHTS))


def _beginnings(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(sorted({".".join(name.split(".")[:2]) for name in names})[:5]) or "nothing"
