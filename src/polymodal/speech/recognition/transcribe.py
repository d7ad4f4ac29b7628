"""Transcription of recordings of any length, with times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from polymodal.core.errors import DataError
from polymodal.speech.recognition.feeding import Piece, clock, feed
from polymodal.speech.recognition.hearing import Recogniser
from polymodal.speech.recognition.predictor import SpeechPredictor
from polymodal.speech.recognition.reading import check_choice
from polymodal.speech.recognition.transcript import Transcript
from polymodal.speech.recognition.watching import Watcher, looks
from polymodal.speech.segmenting.merge import merge_words
from polymodal.speech.segmenting.segments import segments_from_words
from polymodal.speech.transcripts.transcript import Word
from polymodal.speech.transcripts.words import spoken
from polymodal.tables.table import Table

__all__ = ["rows_heard", "transcribe"]

_BATCH = 8  # chunks per batch


def transcribe(
    predictor: SpeechPredictor,
    files: Sequence[str | Path] | str | Path,
    batch_size: int = _BATCH,
    **reading: Any,
) -> Iterator[Transcript]:
    """Yields the transcript of each file, in order, as soon as it is there.

    Files are streamed and cut in pauses, or with an overlap where there is none, and never held
    as a whole; what is kept of them are words. A run that looks at pictures too takes videos as a
    whole, no longer than the clips it was trained on.

    Args:
        predictor: Predictor of a run whose task is transcribe and whose inputs are sound, moving
            pictures, or both of the same file.
        files: sound or video files of any length, or one.
        batch_size: int, chunks per batch.
        reading: keyword arguments of `Reading`: beam, language_model, hot_words and their weights.

    Returns:
        Iterator of Transcript; that of a file that cannot be read has an `error`.

    Raises:
        RecipeError: the run does something else, or a choice is unknown or out of range.
        DataError: the language model cannot be read.
    """
    check_choice(reading, "batch_size")
    if isinstance(files, str | Path):
        files = [files]
    if looks(predictor):
        return Watcher(predictor, **reading).transcripts([str(file) for file in files])
    recogniser = Recogniser(predictor, **reading)
    return _transcripts(recogniser, [str(file) for file in files], batch_size)


def rows_heard(
    recogniser: Recogniser, table: Table, column: str, rows: Sequence[int]
) -> Iterator[list[Word]]:
    """Yields the words of the sound of each row, of any length, as `transcribe` hears a file.

    Raises:
        DataError: a file that was read before cannot be read any more.
    """
    cells = [table.cell(row, column) for row in rows]
    for one in _transcripts(recogniser, cells, root=table.root):
        if one.error:
            raise DataError(one.error)
        yield list(one.words)


def _transcripts(
    recogniser: Recogniser, files: Sequence[Any], batch_size: int = _BATCH, root: Any = None
) -> Iterator[Transcript]:
    choice = recogniser.choice
    heard: dict[int, list[tuple[Piece, list[Word]]]] = defaultdict(list)
    with clock(files, root) as passed:
        for pieces, ends in feed(recogniser, files, batch_size, root):
            said = []
            if pieces:
                said = recogniser.frames([piece.features for piece in pieces])
            for piece, frames in zip(pieces, said, strict=True):
                heard[piece.file].append((piece, recogniser.words(frames, piece.span[0])))
            passed(sum(piece.seconds for piece in pieces))
            for file, error in ends:
                parts = heard.pop(file, [])
                yield (
                    Transcript(str(files[file]), error=str(error), choice=choice)
                    if error
                    else _whole(str(files[file]), parts, choice)
                )


def _whole(file: str, heard: list[tuple[Piece, list[Word]]], choice: dict[str, Any]) -> Transcript:
    heard = sorted(heard, key=lambda pair: pair[0].span)
    seconds = heard[-1][0].span[1]
    words = merge_words([words for _, words in heard], [piece.span for piece, _ in heard])
    words = spoken(words, (region for piece, _ in heard for region in piece.regions), seconds)
    return Transcript(file, seconds, tuple(words), tuple(segments_from_words(words)), choice=choice)
