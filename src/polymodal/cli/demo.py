"""The command demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli.options import Engine, Quiet, use
from polymodal.core.disk.files import check_writable
from polymodal.core.disk.lock import locked


def demo(
    out: Annotated[Path, typer.Option(help="Folder to write the run into.")] = Path("demo-run"),
    engine: Engine = None,
    quiet: Quiet = False,
):
    """Train on generated pictures and voices, compare with single inputs, and write a report."""
    out = check_writable(out, folder=True)
    with locked(out):
        use(engine)
        from polymodal.cli.demo_run import run

        run(out)
