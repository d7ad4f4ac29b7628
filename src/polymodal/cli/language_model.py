"""The command language-model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli.options import Quiet
from polymodal.core.printed.progress import show


def language_model(
    data: Annotated[Path, typer.Argument(help="Table.")],
    target: Annotated[str, typer.Option(help="Column with the texts.")],
    out: Annotated[
        Path, typer.Option(help="ARPA file to write: .arpa, or .arpa.gz to compress it.")
    ],
    order: Annotated[int, typer.Option(min=1, help="Order of the n-grams: 3 = trigrams.")] = 3,
    unit: Annotated[
        str | None, typer.Option(help="word or character. Default: inferred from the texts.")
    ] = None,
    quiet: Quiet = False,
):
    """Train an n-gram language model for transcription on the texts of a table.

    If a column says train, val or test, only the texts of train are used.
    """
    from polymodal.speech.recognition.reading import train_language_model

    model = train_language_model(data, target, out, order, unit)
    show(f"{out}: {len(model.table):,} n-grams of up to {model.order} {model.unit}s")
