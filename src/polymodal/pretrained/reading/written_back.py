"""What an import keeps of a checkpoint so that it can be written back in its own layout."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from polymodal.bundle import weights
from polymodal.bundle.read import read_json
from polymodal.bundle.write import WEIGHTS
from polymodal.core import lookup
from polymodal.core.disk.files import write_json
from polymodal.core.errors import BundleError
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading import names
from polymodal.pretrained.reading.checkpoint import INDEX, Checkpoint

__all__ = ["FOLDER", "keep", "write_back"]

FOLDER = "source"  # below that of an import
_NAMES, _REST, _THEIRS = "tensors.json", "rest.safetensors", "model.safetensors"
_TEXTS = ("vocab.txt", "merges.txt", "chat_template.jinja")
_TIED = "lm_head."


def keep(folder: Path, checkpoint: Checkpoint, family_name: str, layers: Mapping[str, Any]) -> None:
    """Copies settings and tokenizer, the names of tensors, and the tensors that are not used.

    Nothing is kept of a checkpoint that cannot be written back: one tower of a pair, or a file of
    another layout.

    Args:
        folder: Path of the import.
        checkpoint: Checkpoint.
        family_name: str.
        layers: {side: encoder, built} of a pair; {"": encoder or decoder} of anything else.
    """
    family: type[Family] = lookup.find("pretrained.families", family_name)
    families = family.towers or {"": family}
    whole = type(checkpoint) is Checkpoint and families.keys() == layers.keys()
    if not whole or any(one.changes and not one.undoes_changes for one in families.values()):
        return
    listed: dict[str, dict[str, Any]] = {}
    for side, layer in layers.items():
        listed |= _listed(checkpoint, families[side], layer, f"encoders.{side}." if side else "")
    own = folder / FOLDER
    own.mkdir()
    for path in (
        *checkpoint.folder.glob("*.json"),
        *checkpoint.folder.glob("*/*.json"),
        *(checkpoint.folder / name for name in _TEXTS),
    ):
        if path.is_file() and path.name != INDEX and _is_own(path, checkpoint):
            target = own / path.relative_to(checkpoint.folder)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)
    write_json(own / _NAMES, listed)
    rest = set(checkpoint.names) - {one["name"] for one in listed.values()}
    if not family.spells:
        rest = {name for name in rest if _TIED not in name}
    save_file(
        {name: checkpoint.array(name) for name in sorted(rest) if checkpoint.is_float(name)},
        own / _REST,
    )


def _listed(
    checkpoint: Checkpoint, family: type[Family], layer: Any, prefix: str
) -> dict[str, dict[str, Any]]:
    """Returns {our name: their name, the tensor's shape, and which part of it ours is}."""
    order = {ours: place for place, ours in enumerate(family.names)}
    taken = names.taken(layer, checkpoint, family)
    found, parts = {}, Counter[str]()
    for ours in sorted(taken, key=lambda ours: order.get(ours, -1)):
        name = taken[ours]
        found[prefix + ours] = {
            "name": name,
            "shape": list(checkpoint.shape(name)),
            "part": parts[name],
        }
        parts[name] += 1
    return found


def _is_own(path: Path, checkpoint: Checkpoint) -> bool:
    """Returns whether a file is not a link that leads elsewhere."""
    return path.resolve().is_relative_to(checkpoint.home.resolve())


def write_back(
    base: Path, out: Path, values: Mapping[str, np.ndarray], image_size: Any = None
) -> None:
    """Writes a checkpoint in its own layout, with other values of its tensors.

    Args:
        base: Path of the import.
        out: Path of the folder to write into.
        values: {our name: array} of the encoder or decoder; of a pair, with "encoders.text." or
            "encoders.image." in front, those of one side or both.
        image_size: sides of the images that positions are for, or None.

    Raises:
        BundleError: the import kept nothing to write it back with.
    """
    own = base / FOLDER
    if not (own / _NAMES).is_file():
        raise BundleError(
            f"{base} needs the settings of its checkpoint to be written back. Got "
            "none: it is a tower of a pair, of another layout than Hugging Face's, "
            "or was imported by an older version. Import the whole checkpoint again."
        )
    listed, rest = read_json(own / _NAMES), weights.load(own / _REST)
    if not listed.keys() <= values.keys():
        values = {**weights.load(base / WEIGHTS), **values}
    found: dict[str, np.ndarray] = {}
    for ours, one in sorted(listed.items(), key=lambda pair: pair[1].get("part", 0)):
        part = names.turned_back(values[ours], ours, one["shape"])
        before = [found[one["name"]]] if one["name"] in found else []
        found[one["name"]] = np.concatenate([*before, part]) if before else part
    for path in sorted(own.rglob("*")):
        if path.is_file() and path.name not in (_NAMES, _REST):
            target = out / path.relative_to(own)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)
    write_json(out / "config.json", _config(read_json(own / "config.json"), image_size))
    whole = {name: np.asarray(array, order="C") for name, array in (rest | found).items()}
    save_file(whole, out / _THEIRS, metadata={"format": "pt"})


def _config(values: dict[str, Any], image_size: Any) -> dict[str, Any]:
    """Returns the config of what is written: float32, and the images that it is used with."""
    for key in ("dtype", "torch_dtype"):
        if key in values:
            values[key] = "float32"
    if image_size is not None and "image_size" in values:
        down, across = image_size
        values["image_size"] = down if down == across else [down, across]
    return values
