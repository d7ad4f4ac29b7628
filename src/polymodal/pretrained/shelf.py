"""What can be imported, and what was: families, and the folder that POLYMODAL_MODELS names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from polymodal.core import lookup
from polymodal.core.disk.paths import user_path
from polymodal.pretrained.keys import LANGUAGE_MODEL, ORIGIN, RECOGNISER, is_ctc, spec_of

__all__ = ["VARIABLE", "Imported", "families", "imported", "uses"]

VARIABLE = "POLYMODAL_MODELS"
_FAMILIES = "pretrained.families"
_USES = {
    "text": "encodes text",
    "image": "encodes images",
    "audio": "encodes sound",
    "language": "writes text",
    "assistant": "answers about images",
}
_OF_PAIRS = "search, zero-shot labels; encodes images or text"
_OF_RECOGNISERS = "transcribes; encodes sound"


@dataclass(frozen=True)
class Imported:
    """An imported model that lies in a folder.

    Args:
        folder: Path.
        encodes: str, text, image or audio; both of a pair; language for a language model.
        family: str.
        dim: int, width of its vectors, or of a language model.
        transcribes: bool, whether it is a whole recogniser.
    """

    folder: Path
    encodes: str
    family: str
    dim: int
    transcribes: bool = False


def families() -> dict[str, str]:
    """Returns {family: what it is, in a line}, importing none of them."""
    return lookup.describe(_FAMILIES)


def uses() -> dict[str, str]:
    """Returns {family: what an imported model of it can be used as}, importing none of them."""
    return {name: _use(name) for name in lookup.names(_FAMILIES)}


def _use(family: str) -> str:
    stated = lookup.stated(_FAMILIES, family)
    if "towers" in stated:
        return _OF_PAIRS
    if "decoder" in stated or "spells" in stated:
        return _OF_RECOGNISERS
    return _USES.get(str(stated.get("modality")), "")


def imported(folder: str | Path | None = None) -> list[Imported]:
    """Returns the imported models in a folder, by name; by default that of POLYMODAL_MODELS.

    Args:
        folder: folder whose subfolders `polymodal import` wrote. Others in it are ignored.
    """
    given = folder or os.environ.get(VARIABLE)
    if not given or not user_path(given).is_dir():
        return []
    found = (_described(path) for path in sorted(user_path(given).iterdir()))
    return [one for one in found if one is not None]


def _described(folder: Path) -> Imported | None:
    spec = spec_of(folder)
    try:
        if LANGUAGE_MODEL in spec:
            return Imported(
                folder, "language", str(spec[ORIGIN]["family"]), int(spec[LANGUAGE_MODEL]["dim"])
            )
        recipe = spec["recipe"]
        name = " and ".join(sorted(recipe["inputs"]))
        return Imported(
            folder,
            name,
            str(spec[ORIGIN]["family"]),
            int(recipe["dim"]),
            RECOGNISER in spec or is_ctc(spec),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
