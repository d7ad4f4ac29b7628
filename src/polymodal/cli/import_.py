"""The command import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import output
from polymodal.cli.options import Engine, Json, Quiet, use
from polymodal.core.printed.progress import show


def import_(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="Folder of a published checkpoint, in the layout of Hugging Face, or of Whisper "
            "in that of CTranslate2; a GGUF file of a language model; an .onnx file that encodes "
            "images; or a name on the Hugging Face hub, with a network and huggingface_hub."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write the imported model to.")],
    tower: Annotated[
        str | None,
        typer.Option(
            help="Encoder to take from a pair such as CLIP: 'image' or 'text'. Default: the whole "
            "pair, for search and zero-shot classification."
        ),
    ] = None,
    output_name: Annotated[
        str | None,
        typer.Option(
            "--output",
            help="Of an ONNX graph: name of the output, or of a tensor inside, to take. "
            "Default: its first output.",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Of an ONNX graph: how images are prepared, such as mean=127.5, std=64 or "
            "resample=bicubic. May be repeated.",
        ),
    ] = None,
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Import a published checkpoint as a part that any recipe can use, or as a whole model."""
    use(engine)
    from polymodal.pretrained.importing import import_model
    from polymodal.recipe.written.given import override

    settings = override({}, set_ or [])
    part = import_model(checkpoint, out, tower, output_name, settings)
    origin = part.origin
    if json:
        output.emit({"out": str(out), "encodes": part.name, "dim": part.dim, **origin})
        return
    show(
        f"{out}: {origin['family']}, {part.num_parameters:,} parameters, {part.about}. "
        f"Licence: {origin['licence'] or 'not stated'}."
    )
