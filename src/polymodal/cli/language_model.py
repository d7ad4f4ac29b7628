"""The command language-model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli.options import Quiet
from polymodal.core.progress import show


def language_model(
    data: Annotated[Path, typer.Argument(help="A table.")],
    target: Annotated[str, typer.Option(help="The column with the texts.")],
    out: Annotated[Path, typer.Option(
        help="ARPA file to write: .arpa, or .arpa.gz to compress it.")],
    order: Annotated[int, typer.Option(min=1, help="Words that are looked at together.")] = 3,
    unit: Annotated[str | None, typer.Option(
        help="word or character. Default: judged from the texts.")] = None,
    quiet: Quiet = False,
):
    """Train a language model for transcribe on the texts of a table.

    Where one column names the part of each row, the texts of train alone are learned.
    """
    from polymodal.inference.recording.reading import train_language_model

    model = train_language_model(data, target, out, order, unit)
    show(f"{out}: {len(model.table):,} n-grams of up to {model.order} {model.unit}s")
