"""The command search."""

from __future__ import annotations

from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import Columns, Data, Engine, Json, MediaRoot, Quiet, Run, loaded, use


def search(
    run: Run,
    data: Data,
    query: Annotated[str, typer.Option(help="What to search for: a text, or the path of a file.")],
    num: Annotated[int, typer.Option(min=1, help="Rows to return.")] = 10,
    by: Annotated[
        str,
        typer.Option(
            help="Side of the pair that --query is of: 'query' finds answers, 'answer' finds "
            "queries."
        ),
    ] = "query",
    column: Columns = None,
    media_root: MediaRoot = None,
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Find the rows of a table that belong to a query.

    It needs a run with --task retrieval, or an imported pair such as CLIP.
    """
    use(engine, run, (data,))
    from polymodal.inference.search import search as find

    output.found(find(loaded(run, column), query, data, num, by, media_root), json)
