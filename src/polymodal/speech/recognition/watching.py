"""Transcription from video (lip reading, alone or with sound): each video as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, RecipeError, cell_error
from polymodal.core.printed.progress import track
from polymodal.core.probabilities import log_softmax
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.media.audio import audio_length
from polymodal.media.video import video_info
from polymodal.speech.recognition.hearing import Frames, Reader
from polymodal.speech.recognition.predictor import SpeechPredictor
from polymodal.speech.recognition.transcript import Transcript
from polymodal.speech.segmenting.segments import segments_from_words

__all__ = ["Watcher", "looks"]


def looks(predictor: SpeechPredictor) -> bool:
    """Returns whether a run transcribes from moving pictures, alone or next to the sound."""
    kinds = {predictor.recipe.inputs[i.name]["modality"] for i in predictor.inputs}
    return predictor.task.hears and "video" in kinds <= {"video", "audio"}


class Watcher(Reader):
    """Transcribes videos that are as short as the clips of training: none is cut into chunks.

    Args:
        predictor: Predictor of a run for which `looks` is true. A video gives it pictures and
            sound, a sound file the sound alone.
        reading: keyword arguments of `Reading`.
    """

    def __init__(self, predictor: SpeechPredictor, **reading: Any):
        super().__init__(predictor, **reading)
        self.predictor = predictor
        room = predictor.room()
        if room is None:
            raise RecipeError("Watching needs inputs with a time axis. Got others. Use predict.")
        self.room = room

    def transcripts(self, files: Sequence[str]) -> Iterator[Transcript]:
        """Yields the transcript of each file, in order; one that cannot be read has an `error`."""
        for file in track(files, "Watching", len(files)):
            try:
                yield self._transcript(file)
            except Exception as error:  # decoders raise of every kind
                error = cell_error(error, path=file)
                yield Transcript(file, error=str(error), choice=self.choice)

    def _transcript(self, file: str) -> Transcript:
        samples = self.predictor.samples(self.predictor.table_of(file), False)
        ledger = Ledger()
        checked = check(samples, ledger, skip_bad=True, max_bad_share=1.0, allow_empty=True)
        if checked.errors:
            raise checked.errors[0].by_file()
        if ledger.count("truncated"):
            raise DataError(
                "is longer than this run can watch.",
                "Cut it, or train with more max_seconds and max_frames.",
                path=file,
                reason="too_long",
            )
        inputs, _, _ = next(iter(self.predictor.loader(samples, checked, 1).epoch(0, 0)))
        logits, scores = self.frames_of(inputs)
        seconds = _seconds(file)
        count = min(logits.shape[1], self.room.num_tokens(checked.lengths[0, :-1]))
        log_probs = log_softmax(np.asarray(logits[0, :count], np.float32))
        words = self.words(Frames(log_probs, seconds / max(1, count), scores[0]))
        return Transcript(
            file, seconds, tuple(words), tuple(segments_from_words(words)), choice=self.choice
        )


def _seconds(file: str) -> float:
    try:
        return audio_length(file)[1]
    except DataError:  # a video without sound
        return video_info(file).seconds
