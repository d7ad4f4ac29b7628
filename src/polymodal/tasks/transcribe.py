"""Transcription: what is said in a recording, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.target import Answer, Scores
from polymodal.core.task import Task
from polymodal.evaluation.baseline import blind_baseline
from polymodal.evaluation.bootstrap import weighted_scores
from polymodal.evaluation.row_errors import errors_of
from polymodal.evaluation.same_answer import same_answer
from polymodal.evaluation.text_scores import transcript_details, transcripts_scored
from polymodal.preprocess.targets.transcribe import TranscriptTarget

__all__ = ["Transcribe"]


class Transcribe(Task):
    """Writes what is said in sound."""

    name = "transcribe"
    title = "transcribe"
    headline = "wer"
    lower_is_better = frozenset({"wer", "cer"})
    is_text = True
    is_written = True
    hears = True
    target = TranscriptTarget

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.frames import FrameHead

        return FrameHead

    def scores(self, rest: Predictions, only: str | None = None) -> Scores:
        """Returns word and character error rate."""
        return weighted_scores(rest, only)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns the wrong words."""
        return errors_of(rest)

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence where all rows get one answer though not all want one, else ""."""
        return same_answer(rest)

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the most frequent text of train for every row."""
        return blind_baseline(predictions, train_targets).outputs

    def details(self, rest: Predictions) -> dict[str, Any]:
        """Returns the most wrong transcripts, and what was counted and how."""
        return {"transcripts": transcript_details(rest, transcripts_scored(rest))}

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"writes {target}, a transcript, for each row"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the text."""
        return Answer(str(found.outputs[places[0]]))
