"""The command export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import Engine, Json, Quiet, use
from polymodal.core.printed.progress import show


def export(
    run: Annotated[
        Path,
        typer.Argument(help="Folder of a run with an imported encoder, or of an imported model."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    to: Annotated[str, typer.Option(help="Layout to write: 'huggingface'.")] = "huggingface",
    input: Annotated[
        str | None,
        typer.Option(help="Input whose encoder to write. Default: the only imported one."),
    ] = None,
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Write the tuned encoder of a run in the layout that its checkpoint was published in."""
    use(engine, run)
    from polymodal.inference.imported.huggingface import export as write

    folder = write(run, out, to, input)
    if json:
        output.emit(
            {
                "out": str(folder),
                "files": sorted(
                    path.relative_to(folder).as_posix()
                    for path in folder.rglob("*")
                    if path.is_file()
                ),
            }
        )
    else:
        show(f"{folder}: a checkpoint in the layout of {to}.")
