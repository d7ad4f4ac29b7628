"""The command chat."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from polymodal.cli.options import Engine, Quiet, use
from polymodal.core.disk.files import write_json
from polymodal.core.errors import PolymodalError, RecipeError
from polymodal.core.printed.progress import complain, say, show, warn

_HELP = (
    "Type a message. /reset forgets the conversation, /save FILE writes it as JSON, /exit "
    "ends it (so does Ctrl-D), /help shows this."
)
_USUAL_TOKENS = 512
_MEDIA = {
    "image": "/image FILE goes with the next message, several times for several",
    "video": "/video FILE goes with the next message",
    "audio": "/audio FILE asks what is said in it",
}
_MEDIA_WORDS = {f"/{kind}" for kind in _MEDIA}


def chat(
    model: Annotated[
        Path,
        typer.Argument(help="Folder of a run of an assistant, or of an imported language model."),
    ],
    system: Annotated[
        str | None,
        typer.Option(
            help="Instruction before the conversation. Default: the model's own, if it has one."
        ),
    ] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(help="Image that the first message is about. May be given several times."),
    ] = None,
    video: Annotated[
        Path | None, typer.Option(help="Video that the first message is about.")
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(help="Recording of a spoken question, which is answered first.")
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Most tokens of an answer. Default: those of the longest in training, or 512 "
            "of a language model.",
        ),
    ] = None,
    stop: Annotated[
        list[str] | None,
        typer.Option(help="Text before which an answer ends. May be given several times."),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="Sampling temperature. Default: greedy decoding.")
    ] = None,
    top_k: Annotated[
        int, typer.Option(min=0, help="Sample from this many most likely tokens; 0 = all.")
    ] = 0,
    top_p: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Sample from the most likely tokens of this total probability."
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of sampling.")] = 0,
    engine: Engine = None,
    quiet: Quiet = False,
):
    """Talk to an assistant or an imported language model, a line at a time."""
    options = {"stop": stop or [], "temperature": temperature, "top_k": top_k, "top_p": top_p}
    use(engine, model)
    speaker, kinds, usual = _speaker(model)
    options["max_tokens"] = max_tokens or usual
    talk = _Talk(speaker, kinds, system, options, seed)
    say(talk.help)
    for file in image or []:
        talk.attach("image", str(file))
    if video is not None:
        talk.attach("video", str(video))
    if audio is not None:
        talk.attach("audio", str(audio))
        talk.ask("")
    for line in _lines():
        talk.take(line)


def _speaker(folder: Path) -> tuple[Any, tuple[str, ...], int | None]:
    """Returns what streams answers, the kinds of media that it takes, and its usual limit."""
    from polymodal.pretrained.language.model import is_language_model, load_language_model

    if is_language_model(folder):
        return load_language_model(folder), (), _USUAL_TOKENS
    from polymodal.inference.answering import Answering, is_untrained
    from polymodal.inference.predictor import load

    found = Answering(load(folder))
    if is_untrained(folder):
        warn(
            "this assistant was assembled, and nothing has trained its projectors: what it says "
            "about images and sounds means nothing. Train it with --base."
        )
    return found, found.kinds, None


class _Talk:
    """A conversation that lines are typed into.

    Args:
        speaker: object with `stream(messages, **options)`.
        kinds: of media that it takes.
        system: str or None, instruction before the conversation.
        options: of `stream`.
        seed: int; the seed of an answer follows from its number.
    """

    def __init__(
        self,
        speaker: Any,
        kinds: tuple[str, ...],
        system: str | None,
        options: dict[str, Any],
        seed: int,
    ):
        self.speaker, self.kinds, self.options, self.seed = speaker, kinds, options, seed
        self.before: list[dict[str, Any]] = []
        if system is not None:
            self.before = [{"role": "system", "content": system}]
        self.messages, self.media = list(self.before), []
        said = [words for kind, words in _MEDIA.items() if kind in kinds]
        self.help = _HELP
        if said:
            self.help += f" {', '.join(said)}."

    def take(self, line: str) -> None:
        """Does what a line says."""
        word, _, rest = line.partition(" ")
        if line == "/reset":
            self.messages, self.media = list(self.before), []
            say("The conversation is forgotten.")
        elif word == "/save" and rest:
            self.save(Path(rest.strip()))
        elif word in _MEDIA_WORDS and rest and self.kinds:
            self.attach(word[1:], rest.strip())
            if word == "/audio" and self.media:
                self.ask("")
        elif line.startswith("/"):
            say(self.help)
        elif line:
            self.ask(line)

    def attach(self, kind: str, file: str) -> None:
        """Puts a file before the next message."""
        try:
            if kind not in self.kinds:
                takes = " and ".join(self.kinds) or "text alone"
                raise RecipeError(f"This model takes {takes}. Got {kind}. Leave it out.")
            if not Path(file).is_file():
                raise RecipeError(f"/{kind} needs a file. Got {file}. Check the path.")
        except PolymodalError as error:
            complain(str(error))
            return
        if kind != "image":  # of which a message may have several
            self.media = [one for one in self.media if one["type"] != kind]
        self.media.append({"type": kind, kind: str(Path(file).resolve())})

    def ask(self, text: str) -> None:
        """Answers a message; where there can be no answer, it is not kept."""
        content: Any = text
        if self.media:
            words = [{"type": "text", "text": text}] if text else []
            content = [*self.media, *words]
        asked = [*self.messages, {"role": "user", "content": content}]
        answer = self._answer(asked)
        if answer is not None:
            self.messages = [*asked, {"role": "assistant", "content": answer}]
            self.media = []

    def save(self, file: Path) -> None:
        """Writes the conversation as a line of messages, as training reads them."""
        write_json(file, {"messages": self.messages})
        say(f"The conversation is in {file}.")

    def _answer(self, asked: list[dict[str, Any]]) -> str | None:
        """Prints an answer as it is written and returns it, or None where there can be none."""
        found = []
        try:
            for piece in self.speaker.stream(asked, **self.options, seed=self.seed + len(asked)):
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
