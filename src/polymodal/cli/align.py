"""The command align."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import printed_texts
from polymodal.cli.options import Engine, Format, Out, Quiet, Run, use


def align(
    run: Run,
    file: Annotated[Path, typer.Argument(help="Audio or video file of any length.")],
    text: Annotated[str | None, typer.Option(help="Transcript of the whole recording.")] = None,
    text_file: Annotated[Path | None, typer.Option(help="File with the transcript.")] = None,
    format_: Format = "text",
    out: Out = None,
    engine: Engine = None,
    quiet: Quiet = False,
):
    """Align a known transcript with its recording: find when each word is said."""
    from polymodal.core.errors import RecipeError
    from polymodal.speech.recognition.transcript import check_format

    check_format(format_, [file], out)
    if (text is None) == (text_file is None):
        raise RecipeError(
            "align needs either --text or --text-file. "
            f"Got {'neither' if text is None else 'both'}."
        )
    known = text if text is not None else printed_texts.text_of(text_file)
    use(engine, run)
    from polymodal.inference.predictor import load
    from polymodal.speech.recognition.known_text import align_text

    found = align_text(load(run), file, known)
    printed_texts.transcripts([found], 1, format_, format_ in ("text", "vtt"), out)
