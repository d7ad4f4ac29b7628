"""The command models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polymodal.cli import output
from polymodal.cli.options import Json
from polymodal.core.printed.progress import show

if TYPE_CHECKING:
    from polymodal.pretrained.shelf import Imported


def models(json: Json = False):
    """List the families that can be imported, and the imported models in POLYMODAL_MODELS."""
    from polymodal.pretrained.shelf import VARIABLE, families, imported, uses

    known, found = families(), imported()
    if json:
        output.emit(
            {
                "families": known,
                "uses": uses(),
                "imported": [
                    {
                        "folder": str(one.folder),
                        "encodes": one.encodes,
                        "family": one.family,
                        "dim": one.dim,
                        "transcribes": one.transcribes,
                    }
                    for one in found
                ],
            }
        )
        return
    show(output.columns((name, use, known[name]) for name, use in uses().items()))
    if not found:
        show(f"No imported models: set {VARIABLE} to a folder that contains some.")
        return
    show(f"Imported, in {found[0].folder.parent}:")
    show(output.columns((one.folder.name, f"{one.family}, {_use(one)}") for one in found))


def _use(model: Imported) -> str:
    if model.encodes == "language":
        return "a language model"
    if " and " in model.encodes:
        return f"compares images and texts by {model.dim} numbers"
    use = f"encodes {model.encodes} as {model.dim} numbers"
    if model.transcribes:
        return f"transcribes; {use}"
    return use
