"""The command distil."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import Engine, Json, MediaRoot, Quiet, Run, use
from polymodal.core.printed.progress import show


def distil(
    run: Run,
    out: Annotated[Path, typer.Option(help="Folder for the smaller model.")],
    size: Annotated[
        list[float] | None,
        typer.Option(
            help="Share of the run's parameters, such as 0.25. May be repeated. Default: 0.25, "
            "with --budget 0.5, 0.25 and 0.1."
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            help="Choose the best model that fits: 50MB of weights, or 5ms for a row in a batch of "
            "16."
        ),
    ] = None,
    how: Annotated[
        str,
        typer.Option(
            help="Where the smaller model starts: 'fresh', with new weights, or 'prune', with the "
            "most important units of the run, trained for half as many epochs."
        ),
    ] = "fresh",
    data: Annotated[
        Path | None, typer.Option(help="Table to train on. Default: that of the run.")
    ] = None,
    val: Annotated[
        Path | None, typer.Option(help="Validation table. Default: that of the run.")
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(help="Table to score on. Default: that of the run, or its validation rows."),
    ] = None,
    media_root: MediaRoot = None,
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Train a smaller model on the answers of a run, and compare scores and costs."""
    use(engine, run, (data, val, test))
    from polymodal.questions.distil.distil import distil as teach

    found = teach(
        run,
        out=out,
        sizes=size or [],
        budget=budget,
        how=how,
        data=data,
        val=val,
        test=test,
        media_root=media_root,
    )
    if json:
        output.emit(found.to_json())
        return
    show(output.columns(found.rows()))
    show(f"\nScored on {found.split}. The model is in {found.folder}.")
