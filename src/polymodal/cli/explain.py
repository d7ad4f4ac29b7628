"""The command explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import Data, Engine, Json, MediaRoot, Quiet, Run, use
from polymodal.core.errors import RecipeError
from polymodal.core.printed.progress import say, show


def explain(
    run: Run,
    data: Data,
    rows: Annotated[
        str | None,
        typer.Option(
            help="Rows to explain one by one, such as 3,7; of conversations those that they are "
            "in. Default: the first five."
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Table in which to look for the rows that are most alike, such as train.csv."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write a page (.html) that shows what mattered in each row."),
    ] = None,
    media_root: MediaRoot = None,
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Say which inputs, words, patches and columns an answer rests on, and what would change it."""
    chosen = _numbers(rows)
    from polymodal.inference.explaining.page import check_page, write_page

    if out is not None:
        check_page(out)
    use(engine, run, (data,))
    from polymodal.inference.explaining.explanation import explain as ask
    from polymodal.inference.explaining.sentences import sentences
    from polymodal.inference.loading import load

    found = ask(load(run), data, chosen, against, media_root)
    if out is not None:
        write_page(found, out)
        say(f"Wrote {out}.")
    if json:
        output.emit(found.to_json())
    else:
        show("\n".join(sentences(found)))


def _numbers(text: str | None) -> list[int] | None:
    """Returns the rows of "3,7"."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise RecipeError(f'--rows needs numbers of rows, such as 3,7. Got "{text}".')
    return list(map(int, parts))
