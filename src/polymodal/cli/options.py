"""Options that several commands share, and what they do before they call the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polymodal.core.paths import user_path
from polymodal.core.progress import set_quiet

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")]
Data = Annotated[Path, typer.Option(help="A table: CSV, TSV, JSONL, Parquet, a folder for each "
                                         "class, a WebDataset tar, a Hugging Face folder, or a "
                                         "published set: COCO, Karpathy, Flickr, LLaVA; "
                                         "LibriSpeech, Common Voice, LJSpeech, Kaldi.")]
MediaRoot = Annotated[Path | None, typer.Option(
    help="Folder that media paths start from. Default: the table's own.")]
Engine = Annotated[str | None, typer.Option(help="tensorflow, jax or torch.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave bad rows out, counted.")]
MaxBadShare = Annotated[float, typer.Option(
    min=0, max=1, help="Share of bad rows, 0 to 1, above which the run stops all the same.")]
Run = Annotated[Path, typer.Argument(help="The folder that training wrote.")]
Format = Annotated[str, typer.Option("--format", help="text, json, srt or vtt.")]
Words = Annotated[bool, typer.Option("--words", help="Show when each word is said.")]
Out = Annotated[Path | None, typer.Option(
    help="Folder for a file each, in place of printing.")]
Beam = Annotated[int | None, typer.Option(
    min=1, help="Texts that are followed at once, of a run that writes captions or transcripts. "
                "Default: the likeliest symbol each time, or 16 texts with a language model or "
                "hot words.")]
LanguageModel = Annotated[Path | None, typer.Option(
    help="An ARPA file, as polymodal language-model writes it, for transcripts; none reads "
         "without. Default: the run's own, where it has one.")]
LanguageWeight = Annotated[float | None, typer.Option(
    min=0, help="What the language model's logarithms are multiplied by. Default: 0.5.")]
WordBonus = Annotated[float | None, typer.Option(
    help="Added to a spelling for each word of it, as a language model favours few. "
         "Default: 0.5.")]
HotWords = Annotated[str | None, typer.Option(
    help='Words and phrases to expect: "Ada Lovelace,Babbage".')]


def _quiet(wanted: bool) -> bool:
    """Is called while options are parsed, so that nothing is printed before."""
    set_quiet(wanted)
    return wanted


Quiet = Annotated[bool, typer.Option(
    "--quiet", "-q", callback=_quiet, help="Print results, warnings and errors only.")]

WITHOUT = "none"  # in place of a language model's file


def writing_choice(beam: int | None, language_model: Path | None, language_weight: float | None,
                   word_bonus: float | None, hot_words: str | None) -> dict[str, Any]:
    """Returns what was said about how texts are written.

    Raises:
        DataError: the file of the language model does not exist.
    """
    from polymodal.core.errors import DataError

    given = {"beam": beam, "language_model": language_model, "language_weight": language_weight,
             "word_bonus": word_bonus, "hot_words": hot_words}
    chosen = {name: value for name, value in given.items() if value is not None}
    if str(language_model) == WITHOUT:
        chosen["language_model"] = None
    elif language_model is not None and not user_path(language_model).is_file():
        raise DataError("does not exist.", f"Check the path, or write {WITHOUT}.",
                        path=str(language_model), reason="missing_file")
    return chosen


def use(engine: str | None, run: Path | None = None) -> Any:
    """Loads the engine, after a check that the folder it is for is a run; returns the choice."""
    from polymodal.core.engine import choose, start
    from polymodal.core.progress import waiting

    if run is not None:
        from polymodal.bundle.read import manifest

        manifest(run)
    with waiting(f"Loading {choose(engine).name}"):
        return start(engine)
