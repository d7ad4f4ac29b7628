"""The command report."""

from __future__ import annotations

from typing import Annotated

import typer

from polymodal.cli.options import Quiet, Run, use
from polymodal.core.printed.progress import show


def report(
    run: Run,
    browser: Annotated[bool, typer.Option(help="Open the report in a browser.")] = True,
    quiet: Quiet = False,
):
    """Rewrite the report of a run and open it."""
    use(None, run)
    from polymodal.training.reporting.report import rewrite

    path = rewrite(run)
    show(str(path))
    if browser:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
