"""The words that a run recognises in a row of a table, with their times."""

from __future__ import annotations

from polymodal.core.errors import DataError, RecipeError
from polymodal.speech.recognition.hearing import Recogniser
from polymodal.speech.recognition.predictor import SpeechPredictor
from polymodal.speech.transcripts.transcript import Word
from polymodal.tables.table import Table

__all__ = ["clip_words"]


def clip_words(predictor: SpeechPredictor, table: Table, row: int) -> list[Word] | None:
    """Returns the transcript of a row's sound, as an evaluation makes it: in one piece, truncated
    as in training.

    Args:
        predictor: Predictor of a run whose task is transcribe.
        table: Table.
        row: int, from 0.

    Returns:
        The words; None if the row has no readable sound, or the run has other inputs,
        so that its frames are not those of the sound.
    """
    try:
        recogniser = Recogniser(predictor)
        cell = table.cell(row, predictor.inputs[0].columns[0])
        if cell is None:
            return None
        samples = recogniser.modality.decode(cell, table.root)
    except (DataError, RecipeError):
        return None
    (frames,) = recogniser.frames([recogniser.modality.encode(samples)])
    return recogniser.words(frames)
