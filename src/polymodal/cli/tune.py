"""The command tune."""

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
from polymodal.core.printed.progress import show


def tune(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder of the search.")],
    target: Target = None,
    minutes: Annotated[
        float,
        typer.Option(min=0.1, help="Time limit of this command. The same command searches on."),
    ] = 30.0,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Candidates of all commands together. Default: as many as fit."),
    ] = None,
    val: Annotated[
        Path | None,
        typer.Option(help="Table to compare candidates by. Default: a fifth of the rows."),
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(
            help="Table that the search never sees, for the winner. Default: a fifth of the rows."
        ),
    ] = None,
    ignore: Ignore = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Recipe (YAML) whose settings no candidate changes.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="One setting that no candidate changes, such as dim=64. May be repeated."
        ),
    ] = None,
    split_group: SplitGroup = None,
    media_root: MediaRoot = None,
    engine: Engine = None,
    skip_bad: SkipBad = False,
    max_bad_share: MaxBadShare = 0.05,
    json: Json = False,
    quiet: Quiet = False,
):
    """Search for a better recipe within a time limit, and score the winner on unseen rows."""
    given = asked_recipe(recipe, set_)
    use(engine, None, (data, val, test))
    from polymodal.questions.tune.board import table
    from polymodal.questions.tune.tune import tune as search

    found = search(
        data,
        target,
        out=out,
        minutes=minutes,
        trials=trials,
        val=val,
        test=test,
        given=given,
        ignore=ignore or [],
        split_group=split_group,
        media_root=media_root,
        skip_bad=skip_bad,
        max_bad_share=max_bad_share,
    )
    if json:
        output.emit(found.to_json())
        return
    show(output.columns(table(found.entries)))
    show("\n" + "\n".join(found.sentences()))
