"""The command finish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import Json, KeepCheckpoints, Quiet, use
from polymodal.core.disk.lock import locked


def finish(
    run: Annotated[Path, typer.Argument(help="The folder of a run that was stopped.")],
    baselines: Annotated[
        bool | None,
        typer.Option(
            help="Also train a model on each input alone, for as many epochs. Default: as in the "
            "stopped run.",
            show_default=False,
        ),
    ] = None,
    keep_checkpoints: KeepCheckpoints = False,
    json: Json = False,
    quiet: Quiet = False,
):
    """Complete a stopped run with its best weights so far: score it and write the report."""
    from polymodal.training.planning.asked import engine_of

    with locked(run):
        use(engine_of(run))
        from polymodal.training.finish import finish as end

        found = end(run, baselines=baselines, keep_checkpoints=keep_checkpoints)
    output.finish(found, json)
