"""The command caption."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polymodal.cli import output
from polymodal.cli.options import Engine, Json, Quiet, Run, use


def caption(
    run: Run,
    files: Annotated[list[Path], typer.Argument(help="Pictures, videos or sounds.")],
    beam: Annotated[int | None, typer.Option(
        min=1, help="Texts that are followed at once; 5 where none are drawn by chance.",
        show_default=False)] = None,
    num: Annotated[int, typer.Option(min=1, help="Results for each file.")] = 1,
    temperature: Annotated[float | None, typer.Option(
        min=0, help="Above 0, words are drawn by chance in place of a beam; 0, or 1 where --top-p "
        "or --top-k is given.", show_default=False)] = None,
    top_k: Annotated[int, typer.Option(
        min=0, help="Draw only from so many words, the likeliest ones; 0 for all.")] = 0,
    top_p: Annotated[float, typer.Option(
        max=1, help="Draw only from the likeliest words that together have this share of the "
        "probability: 0.6 to 0.8 say more than a beam, and little that is wrong.")] = 1.0,
    repetition_penalty: Annotated[float, typer.Option(
        min=1, help="From 1; by how much words that were said already lose.")] = 1.0,
    input_: Annotated[list[str] | None, typer.Option(
        "--input", help='Another input, the same beside every file: prompt="Where is it?". May '
                        "be repeated.")] = None,
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Write captions of files."""
    use(engine, run)
    from polymodal.inference.predictor import load
    from polymodal.inference.writing import generate_files
    from polymodal.tasks.generation import Choice

    choice: dict[str, Any] = {"num": num, "temperature": temperature, "top_k": top_k,
                              "top_p": top_p, "repetition_penalty": repetition_penalty}
    drawn = bool(temperature or top_k or top_p < 1)
    choice["beam"] = beam or (1 if drawn else max(5, num))
    Choice(**choice)  # what cannot be is said before the run is loaded
    predictor = load(run)
    found = generate_files(predictor, files, beside=output.cells(predictor, input_ or []),
                           **choice)
    output.captions(files, found, json)
