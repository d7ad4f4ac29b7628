"""The command transcribe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polymodal.cli import printed_texts
from polymodal.cli.options import (
    Beam,
    Engine,
    Format,
    HotWords,
    LanguageModel,
    LanguageWeight,
    Out,
    Quiet,
    Run,
    WordBonus,
    Words,
    use,
    writing_choice,
)


def transcribe(
    run: Run,
    files: Annotated[list[Path], typer.Argument(help="Audio or video files of any length.")],
    format_: Format = "text",
    words: Words = False,
    out: Out = None,
    beam: Beam = None,
    language_model: LanguageModel = None,
    language_weight: LanguageWeight = None,
    word_bonus: WordBonus = None,
    hot_words: HotWords = None,
    language: Annotated[
        str | None,
        typer.Option(
            help="Language that is spoken, of an imported multilingual model: en, de and so on. "
            "Default: detected."
        ),
    ] = None,
    translate: Annotated[
        bool,
        typer.Option(
            "--translate", help="Translate into English, with an imported multilingual model."
        ),
    ] = False,
    engine: Engine = None,
    quiet: Quiet = False,
):
    """Transcribe recordings, with times."""
    from polymodal.speech.recognition.transcript import check_format

    check_format(format_, files, out)
    choice = writing_choice(beam, language_model, language_weight, word_bonus, hot_words)
    if language is not None:
        choice["language"] = language
    if translate:
        choice["translate"] = True
    use(engine, run)
    from polymodal.inference.imported.recogniser import ImportedRecogniser
    from polymodal.inference.loading import load, transcripts

    model = load(run)
    if words and isinstance(model, ImportedRecogniser):
        choice["words"] = True
    found = transcripts(model, files, **choice)
    printed_texts.transcripts(found, len(files), format_, words, out)
