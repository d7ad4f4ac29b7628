"""What an import keeps of a checkpoint so that it can be written back in its own layout."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from polymodal.bundle import weights
from polymodal.bundle.read import read_json
from polymodal.core import lookup
from polymodal.core.disk.files import write_json
from polymodal.core.errors import BundleError
from polymodal.pretrained import names
from polymodal.pretrained.checkpoint import INDEX, Checkpoint
from polymodal.pretrained.family import Family

__all__ = ["FOLDER", "keep", "write_back"]

FOLDER = "source"  # below that of an import
_NAMES, _REST, _WEIGHTS = "tensors.json", "rest.safetensors", "model.safetensors"
_TEXTS = ("vocab.txt", "merges.txt", "chat_template.jinja")
_TIED = "lm_head."


def keep(folder: Path, checkpoint: Checkpoint, family_name: str, layer: Any) -> None:
    """Copies settings and tokenizer, the names of tensors, and the tensors that are not used.

    Nothing is kept of a checkpoint that cannot be written back: one tower of a pair, or a file of
    another layout.

    Args:
        folder: Path of the import.
        checkpoint: Checkpoint.
        family_name: str.
        layer: the encoder or decoder, built.
    """
    family: type[Family] = lookup.find("pretrained.families", family_name)
    if type(checkpoint) is not Checkpoint or family.towers or family.changes:
        return
    taken = names.taken(layer, checkpoint, family)
    own = folder / FOLDER
    own.mkdir()
    for path in (*checkpoint.folder.glob("*.json"), *checkpoint.folder.glob("*/*.json"),
                 *(checkpoint.folder / name for name in _TEXTS)):
        if path.is_file() and path.name != INDEX and not path.is_symlink():
            target = own / path.relative_to(checkpoint.folder)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)
    listed = {ours: {"name": name, "shape": list(checkpoint.shape(name))}
              for ours, name in taken.items()}
    write_json(own / _NAMES, listed)
    rest = set(checkpoint.names) - set(taken.values())
    save_file({name: checkpoint.array(name) for name in sorted(rest)
               if _TIED not in name and checkpoint.is_float(name)}, own / _REST)


def write_back(base: Path, out: Path, values: Mapping[str, np.ndarray],
               image_size: Any = None) -> None:
    """Writes a checkpoint in its own layout, with other values of its tensors.

    Args:
        base: Path of the import.
        out: Path of the folder to write into.
        values: {our name: array} of the encoder or decoder.
        image_size: sides of the images that positions are for, or None.

    Raises:
        BundleError: the import kept nothing to write it back with.
    """
    own = base / FOLDER
    if not (own / _NAMES).is_file():
        raise BundleError(f"{base} needs the settings of its checkpoint to be written back. Got "
                          "none: it is a tower of a pair, of another layout than Hugging Face's, "
                          "or was imported by an older version. Import the whole checkpoint again.")
    listed, rest = read_json(own / _NAMES), weights.load(own / _REST)
    found = {one["name"]: names.turned_back(values[ours], ours, one["shape"])
             for ours, one in listed.items()}
    for path in sorted(own.rglob("*")):
        if path.is_file() and path.name not in (_NAMES, _REST):
            target = out / path.relative_to(own)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)
    write_json(out / "config.json", _config(read_json(own / "config.json"), image_size))
    whole = {name: np.ascontiguousarray(array) for name, array in (rest | found).items()}
    save_file(whole, out / _WEIGHTS, metadata={"format": "pt"})


def _config(values: dict[str, Any], image_size: Any) -> dict[str, Any]:
    """Returns the config of what is written: float32, and the images that it is used with."""
    for key in ("dtype", "torch_dtype"):
        if key in values:
            values[key] = "float32"
    if image_size is not None and "image_size" in values:
        down, across = image_size
        values["image_size"] = down if down == across else [down, across]
    return values
