"""The command models."""

from __future__ import annotations

from polymodal.cli import output
from polymodal.cli.options import Json
from polymodal.core.printed.progress import show


def models(json: Json = False):
    """List the families that can be imported, and the imported models in POLYMODAL_MODELS."""
    from polymodal.pretrained.shelf import VARIABLE, families, imported

    known, found = families(), imported()
    if json:
        output.emit({"families": known, "imported": [
            {"folder": str(one.folder), "encodes": one.encodes, "family": one.family,
             "dim": one.dim} for one in found]})
        return
    show(output.columns(known.items()))
    if not found:
        show(f"No imported models: set {VARIABLE} to a folder that holds some.")
        return
    show(f"Imported, in {found[0].folder.parent}:")
    show(output.columns(
        (one.folder.name, f"{one.family}, encodes {one.encodes} as {one.dim} numbers")
        for one in found))
