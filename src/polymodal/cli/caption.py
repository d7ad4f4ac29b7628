"""The command caption."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polymodal.cli import output, printed_texts
from polymodal.cli.options import Engine, Json, Quiet, Run, use


def caption(
    run: Run,
    files: Annotated[list[Path], typer.Argument(help="Image, video or audio files.")],
    beam: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Beam width. Default: 5, or greedy decoding when sampling.",
            show_default=False,
        ),
    ] = None,
    num: Annotated[int, typer.Option(min=1, help="Captions per file.")] = 1,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Sampling temperature; above 0, words are sampled instead of searched with a "
            "beam. Default: 0, or 1 with --top-p or --top-k.",
            show_default=False,
        ),
    ] = None,
    top_k: Annotated[
        int,
        typer.Option(min=0, help="Sample only from this many most likely words (top-k); 0 = all."),
    ] = 0,
    top_p: Annotated[
        float,
        typer.Option(
            max=1,
            help="Sample only from the most likely words that together have this probability "
            "(top-p); 0.6 to 0.8 gives more varied captions than a beam, with few errors.",
        ),
    ] = 1.0,
    repetition_penalty: Annotated[
        float, typer.Option(min=1, help="Penalty for repeating words; 1 = none.")
    ] = 1.0,
    input_: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            help='Another input, the same for every file: prompt="Where is it?". May be repeated.',
        ),
    ] = None,
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Write captions of files."""
    use(engine, run)
    from polymodal.inference.predictor import load
    from polymodal.inference.writing import generate_files
    from polymodal.model.generation.choice import Choice

    choice: dict[str, Any] = {
        "num": num,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "repetition_penalty": repetition_penalty,
    }
    drawn = bool(temperature or top_k or top_p < 1)
    choice["beam"] = beam or (1 if drawn else max(5, num))
    Choice(**choice)  # wrong choices are reported before the run is loaded
    predictor = load(run)
    found = generate_files(predictor, files, beside=output.cells(predictor, input_ or []), **choice)
    printed_texts.captions(files, found, json)
