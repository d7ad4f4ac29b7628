"""The option --plugins, which every command takes: any may meet a part from outside the package."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["taking_plugins"]


def _use(folder: Path | None) -> Path | None:
    """Is called while options are parsed, so that names from outside are known after it."""
    from polymodal.core.plugins import use_plugins

    use_plugins(folder)
    return folder


Plugins = Annotated[
    Path | None,
    typer.Option(
        "--plugins",
        callback=_use,
        is_eager=True,
        metavar="FOLDER",
        help="Folder with parts of your own, in subfolders encoders, fusion, formats, tasks, ... "
        "Its code is run, so name only a folder that you trust.",
    ),
]


def taking_plugins(command: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a command that also takes --plugins."""
    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter(
        "plugins", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Plugins
    )

    @functools.wraps(command)
    def wrapped(*given: Any, plugins: Path | None = None, **named: Any) -> Any:
        return command(*given, **named)

    parameters = [*signature.parameters.values(), option]
    wrapped.__annotations__ = {one.name: one.annotation for one in parameters}
    vars(wrapped)["__signature__"] = signature.replace(parameters=parameters)
    return wrapped
