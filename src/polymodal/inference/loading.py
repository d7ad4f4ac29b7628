"""Loads what answers to the rows of a table: a run, or an imported recogniser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from polymodal.core.disk.paths import user_path
from polymodal.inference.answers import Answers
from polymodal.inference.linear.predictor import is_linear, load_linear
from polymodal.recipe.heard import heard_texts
from polymodal.speech.recognition.transcript import Transcript

__all__ = ["load", "transcripts"]


def load(folder: str | Path) -> Any:
    """Loads a run, as Predictor or, if it kept a linear model, as LinearAnswers; or an imported
    recogniser, as ImportedRecogniser. Nothing in the folder is executed.

    Raises:
        BundleError: it is damaged, foreign or unsafe.
    """
    if is_linear(folder):
        return _hearing(load_linear(folder), folder)
    from polymodal.inference.imported.recogniser import ImportedRecogniser  # loads an engine
    from polymodal.inference.imported.speller import ImportedSpeller
    from polymodal.inference.predictor import load as load_run
    from polymodal.pretrained.keys import is_ctc, spec_of
    from polymodal.pretrained.speech.model import is_speech_model, load_speech_model

    if is_speech_model(folder):
        return ImportedRecogniser(load_speech_model(folder))
    found = load_run(folder)
    if is_ctc(spec_of(folder)):
        return ImportedSpeller(found)
    return _hearing(found, folder)


def _hearing(answers: Answers, folder: str | Path) -> Answers:
    """Returns what answers, with what transcribes its missing texts."""
    if any(True for _ in heard_texts(answers.recipe.inputs)):
        from polymodal.inference.hearing import hearing_of  # loads an engine

        answers.hearing = hearing_of(answers.recipe.inputs, user_path(folder))
    return answers


def transcripts(
    predictor: Any, files: Sequence[str | Path] | str | Path, **choice: Any
) -> Iterator[Transcript]:
    """Yields the transcript of each file, in order; `choice` as its kind of model takes it."""
    from polymodal.inference.imported.recogniser import ImportedRecogniser
    from polymodal.speech.recognition import transcribe as recognition

    if isinstance(predictor, ImportedRecogniser):
        return predictor.transcribe(files, **choice)
    return recognition.transcribe(predictor, files, **choice)
