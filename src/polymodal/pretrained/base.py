"""The weights that a bundle names by their hash, found in the folder of imported models."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polymodal.bundle import weights
from polymodal.bundle.read import manifest
from polymodal.bundle.starting import load_part
from polymodal.bundle.write import WEIGHTS
from polymodal.core.disk.files import sha256
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError
from polymodal.layers.block_weights import packed_shapes
from polymodal.pretrained.shelf import VARIABLE
from polymodal.recipe.starts import Start

__all__ = ["Base", "folder_with"]


@dataclass(frozen=True)
class Base:
    """The weights that one part of a bundle is made of.

    Args:
        start: Start, which names them.
        folder: Path in POLYMODAL_MODELS.
    """

    start: Start
    folder: Path

    @classmethod
    def find(cls, start: Start, bundle: Path) -> Base:
        """Returns the base of a part, looked for in POLYMODAL_MODELS only.

        Raises:
            BundleError: it is not there; the message says what is missing.
        """
        folder = folder_with(str(start.sha256))
        if folder is None:
            place = os.environ.get(VARIABLE)
            where = f"{VARIABLE} is not set"
            if place:
                where = f"no folder in {place} has them"
            raise BundleError(
                f"{bundle} needs the weights that {start.where} starts from, as "
                f"{Path(str(start.source)).name} had them, with sha256 "
                f"{start.sha256}. Got none: {where}. Put the imported model into a "
                f"folder and set {VARIABLE} to the folder around it."
            )
        return cls(start, folder)

    def shapes(self) -> Iterator[tuple[int, ...]]:
        """Yields the shapes that variables made of these weights may have."""
        for shape in weights.shapes(self.folder / WEIGHTS).values():
            yield shape
            if self.start.bits is not None and len(shape) == 2 and math.prod(shape):
                yield from packed_shapes(shape, self.start.bits)

    def load_into(self, model: Any) -> None:
        """Gives the part of a model these weights."""
        load_part(model, self.start, str(self.folder))


def folder_with(digest: str) -> Path | None:
    """Returns the folder in POLYMODAL_MODELS whose weights have a sha256, or None."""
    place = os.environ.get(VARIABLE)
    if not place or not user_path(place).is_dir():
        return None
    for folder in sorted(user_path(place).iterdir()):
        try:
            listed = manifest(folder).get(WEIGHTS)
        except BundleError:
            continue
        if listed == digest and sha256(folder / WEIGHTS) == digest:
            return folder
    return None
