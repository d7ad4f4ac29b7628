"""What an import writes into `model.json` beside what a run writes. Loads no engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polymodal.bundle import read, write
from polymodal.core.errors import BundleError

__all__ = ["LANGUAGE_MODEL", "ORIGIN", "spec_of"]

ORIGIN = "origin"  # where the weights are from
LANGUAGE_MODEL = "language_model"  # settings of a language model


def spec_of(folder: str | Path) -> dict[str, Any]:
    """Returns the `model.json` of a folder; nothing where it has none that can be read."""
    try:
        return read.read_json(Path(folder) / write.MODEL)
    except BundleError:
        return {}
