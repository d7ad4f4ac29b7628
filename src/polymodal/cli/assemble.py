"""The command assemble."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli.options import Engine, Json, Quiet, use
from polymodal.core.printed.progress import show


def assemble(
    decoder: Annotated[
        Path,
        typer.Option(help="Folder of an imported language model, or of a run of an assistant."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write the assistant into.")],
    vision: Annotated[
        Path | None, typer.Option(help="Folder of an imported image encoder, or of a run with one.")
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(help="Folder of an imported audio encoder, or of a run with one.")
    ] = None,
    projector: Annotated[
        str, typer.Option(help="What brings tokens to the width of the decoder: linear or mlp.")
    ] = "mlp",
    shuffle: Annotated[
        int,
        typer.Option(
            min=1, help="Neighbouring tokens of an image, down and across, that become one."
        ),
    ] = 1,
    frames: Annotated[
        int,
        typer.Option(
            min=0, help="Frames of a video that the image encoder reads too; 0 for no videos."
        ),
    ] = 0,
    pooling: Annotated[
        str | None,
        typer.Option(
            help="What makes an image one token, such as first (the class token) or mean; all its "
            "tokens by default."
        ),
    ] = None,
    engine: Engine = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Join an image encoder, an audio encoder and a decoder to an assistant to be trained."""
    use(engine)
    from polymodal.cli.output import emit
    from polymodal.training.assembled import assemble as join

    found = join(out, decoder, vision, audio, projector, shuffle, frames, pooling)
    if json:
        emit(found.to_json())
        return
    show(found.sentence())
    show(
        f"Train it with: polymodal train --data chats.jsonl --task chat --base {found.folder} "
        "--out runs/assistant"
    )
