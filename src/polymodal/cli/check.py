"""The command check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import Engine, Json, Quiet, use
from polymodal.core.printed.progress import show


def check(
    folder: Annotated[Path, typer.Argument(help="Folder of a run or of an imported model.")],
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Check the files of a run or an imported model, and whether it still answers the same."""
    from polymodal.bundle.read import verify

    verify(folder)
    choice = use(engine, folder)
    if choice is None:
        _linear(folder, json)
        return
    from polymodal.pretrained.golden import check_folder

    found = check_folder(folder)
    if json:
        output.emit(
            {
                "files": "unchanged",
                "golden": None
                if found is None
                else {
                    "same": found.same,
                    "difference": found.difference,
                    "recorded": dict(found.recorded),
                    "used": dict(found.used),
                },
            }
        )
    else:
        show("All files are unchanged.")
        show("The bundle has no golden outputs." if found is None else str(found))
    if found is not None and not found.same:
        raise typer.Exit(1)


def _linear(folder: Path, json: bool) -> None:
    """Prints what a linear model is, which was loaded to check it."""
    from polymodal.inference.linear.predictor import load_linear

    title = load_linear(folder).title
    if json:
        output.emit({"files": "unchanged", "golden": None, "linear": title})
        return
    show(f"All files are unchanged. It is {title}, a linear model that needs no engine.")
