"""The commands. Each is a file: it parses, calls the library, and prints."""

from __future__ import annotations

from typing import Annotated

import typer

from polymodal.cli.align import align
from polymodal.cli.assemble import assemble
from polymodal.cli.caption import caption
from polymodal.cli.chat import chat
from polymodal.cli.check import check
from polymodal.cli.demo import demo
from polymodal.cli.distil import distil
from polymodal.cli.estimate import estimate
from polymodal.cli.evaluate import evaluate
from polymodal.cli.explain import explain
from polymodal.cli.export import export
from polymodal.cli.finish import finish
from polymodal.cli.import_ import import_
from polymodal.cli.inspect import inspect
from polymodal.cli.language_model import language_model
from polymodal.cli.listing import encoders, fusions, info, recipes
from polymodal.cli.models import models
from polymodal.cli.needs import needs
from polymodal.cli.once import Command
from polymodal.cli.outside import taking_plugins
from polymodal.cli.predict import predict
from polymodal.cli.report import report
from polymodal.cli.search import search
from polymodal.cli.train import train
from polymodal.cli.transcribe import transcribe
from polymodal.cli.tune import tune

app = typer.Typer(
    name="polymodal",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Train, check, explain and use one model over images, text, sound, video and numbers.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("polymodal"))
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
):
    """Takes the options before a command."""


_COMMANDS = (
    demo,
    inspect,
    estimate,
    needs,
    tune,
    distil,
    train,
    finish,
    evaluate,
    explain,
    predict,
    report,
    check,
    caption,
    transcribe,
    align,
    search,
    chat,
    assemble,
    language_model,
    models,
    export,
    recipes,
    encoders,
    fusions,
    info,
)
for command in _COMMANDS:
    app.command(cls=Command)(taking_plugins(command))
app.command("import", cls=Command)(taking_plugins(import_))
