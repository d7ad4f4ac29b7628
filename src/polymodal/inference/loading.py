"""Loads what answers to the rows of a table: a run, or an imported recogniser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from polymodal.inference import predictor as runs
from polymodal.inference.imported_recogniser import ImportedRecogniser
from polymodal.inference.imported_speller import ImportedSpeller
from polymodal.inference.predictor import Predictor
from polymodal.pretrained.keys import is_ctc, spec_of
from polymodal.pretrained.speech.model import is_speech_model, load_speech_model
from polymodal.speech.recognition import transcribe as recognition
from polymodal.speech.recognition.transcript import Transcript

__all__ = ["load", "transcripts"]


def load(folder: str | Path) -> Predictor | ImportedRecogniser:
    """Loads a run, or an imported recogniser. Nothing in the folder is executed.

    Raises:
        BundleError: it is damaged, foreign or unsafe.
    """
    if is_speech_model(folder):
        return ImportedRecogniser(load_speech_model(folder))
    if is_ctc(spec_of(folder)):
        return ImportedSpeller(runs.load(folder))
    return runs.load(folder)


def transcripts(predictor: Predictor | ImportedRecogniser,
                files: Sequence[str | Path] | str | Path, **choice: Any) -> Iterator[Transcript]:
    """Yields the transcript of each file, in order; `choice` as its kind of model takes it."""
    if isinstance(predictor, ImportedRecogniser):
        return predictor.transcribe(files, **choice)
    return recognition.transcribe(predictor, files, **choice)
