"""The command chat."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polymodal.cli.options import Engine, Quiet, use
from polymodal.core.errors import PolymodalError
from polymodal.core.printed.progress import complain, say, show

if TYPE_CHECKING:
    from polymodal.pretrained.language.model import LanguageModel

_HELP = ("Type a message. /reset forgets the conversation, /exit ends it (so does Ctrl-D), /help "
         "shows this.")


def chat(
    model: Annotated[Path, typer.Argument(help="Folder of an imported language model.")],
    system: Annotated[str | None, typer.Option(
        help="Instruction before the conversation. Default: the model's own, if it has one.")
    ] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Most tokens of an answer.")] = 512,
    stop: Annotated[list[str] | None, typer.Option(
        help="Text before which an answer ends. May be given several times.")] = None,
    temperature: Annotated[float | None, typer.Option(
        min=0, help="Sampling temperature. Default: greedy decoding.")] = None,
    top_k: Annotated[int, typer.Option(
        min=0, help="Sample from this many most likely tokens; 0 = all.")] = 0,
    top_p: Annotated[float, typer.Option(
        min=0, max=1, help="Sample from the most likely tokens of this total probability.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of sampling.")] = 0,
    engine: Engine = None,
    quiet: Quiet = False,
):
    """Talk to an imported language model, a line at a time."""
    use(engine)
    from polymodal.pretrained.language.model import load_language_model

    loaded = load_language_model(model)
    say(_HELP)
    options = {"max_tokens": max_tokens, "stop": stop or [], "temperature": temperature,
               "top_k": top_k, "top_p": top_p}
    before = []
    if system is not None:
        before = [{"role": "system", "content": system}]
    _talk(loaded, before, options, seed)


def _talk(model: LanguageModel, before: list[dict[str, str]], options: dict[str, Any],
          seed: int) -> None:
    """Answers each line; the seed of an answer follows from its number."""
    messages = list(before)
    for line in _lines():
        if line == "/reset":
            messages = list(before)
            say("The conversation is forgotten.")
        elif line.startswith("/"):
            say(_HELP)
        elif line:
            asked = [*messages, {"role": "user", "content": line}]
            answer = _answer(model, asked, {**options, "seed": seed + len(asked)})
            if answer is not None:
                messages = [*asked, {"role": "assistant", "content": answer}]


def _answer(model: LanguageModel, messages: list[dict[str, str]],
            options: dict[str, Any]) -> str | None:
    """Prints an answer as it is written and returns it, or None where there can be none."""
    found = []
    try:
        for piece in model.stream(messages, **options):
            show(piece, end="")
            found.append(piece)
    except KeyboardInterrupt:
        say("\nStopped.")
    except PolymodalError as error:
        complain(f"{error} /reset forgets the conversation.")
        return None
    show()
    return "".join(found)


def _lines() -> Iterator[str]:
    """Yields what is typed, or read from a pipe, until it ends or /exit."""
    while True:
        if sys.stdin.isatty():
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line or line.strip() == "/exit":
            return
        yield line.strip()
