"""The command needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import (
    Data,
    Engine,
    Ignore,
    Json,
    MaxBadShare,
    MediaRoot,
    Quiet,
    SkipBad,
    SplitGroup,
    Target,
    asked_recipe,
    use,
)
from polymodal.core.printed.progress import say, show


def needs(
    data: Data,
    target: Target = None,
    goal: Annotated[
        float | None,
        typer.Option(help="Score that is wanted, such as 0.9; for error rates the rate."),
    ] = None,
    proxy: Annotated[
        bool,
        typer.Option(
            "--proxy",
            help="Train a simple scikit-learn model on simple features: seconds instead of "
            "minutes, and a rougher answer.",
        ),
    ] = False,
    val: Annotated[
        Path | None,
        typer.Option(help="Table to score on. Default: each seed holds out a fifth of --data."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write the curve: a .png, or an .html page with the answer."),
    ] = None,
    runs: Annotated[
        Path | None,
        typer.Option(
            help="Folder that keeps finished trainings, so that a stopped command goes on. "
            "Default: runs/needs-<table>-<target>."
        ),
    ] = None,
    ignore: Ignore = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Recipe (YAML), such as recipe.yaml of a run.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting of the recipe, such as dim=32. May be repeated."),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Column that says train, val or test. Default: the only one there is."),
    ] = None,
    split_group: SplitGroup = None,
    seeds: Annotated[
        int | None, typer.Option(min=2, help="Trainings of each size. Default: 3, with --proxy 8.")
    ] = None,
    sizes: Annotated[
        int | None,
        typer.Option(min=4, help="Numbers of rows to train on. Default: 6, with --proxy 8."),
    ] = None,
    media_root: MediaRoot = None,
    engine: Engine = None,
    skip_bad: SkipBad = False,
    max_bad_share: MaxBadShare = 0.05,
    json: Json = False,
    quiet: Quiet = False,
):
    """Say how much data a table needs: what more rows would bring, and how many a goal takes."""
    given = asked_recipe(recipe, set_)
    from polymodal.questions.needs.page import check_page, write_page

    if out is not None:
        check_page(out)
    use(engine, None, (data, val))
    from polymodal.questions.needs.needs import needs as ask

    found = ask(
        data,
        target,
        goal=goal,
        proxy=proxy,
        val=val,
        given=given,
        ignore=ignore or [],
        split=split,
        split_group=split_group,
        num_seeds=seeds,
        num_sizes=sizes,
        runs=runs,
        media_root=media_root,
        skip_bad=skip_bad,
        max_bad_share=max_bad_share,
    )
    if out is not None:
        write_page(found, out)
        say(f"Wrote {out}.")
    if json:
        output.emit(found.to_json())
    else:
        show("\n".join(found.sentences()))
