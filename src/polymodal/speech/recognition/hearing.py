"""Recognition of chunks of sound: frames, and words with their times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from polymodal.core.contracts.batch import mask_key, select_inputs, with_masks
from polymodal.core.errors import RecipeError
from polymodal.core.probabilities import log_softmax
from polymodal.model.generation.rescoring import Rescoring
from polymodal.preprocess.collate import collate
from polymodal.speech.decoding.confidence import WordCalibration
from polymodal.speech.language.ngram import FILE
from polymodal.speech.recognition.predictor import SpeechPredictor
from polymodal.speech.recognition.reading import Reading, check_choice
from polymodal.speech.transcripts.transcript import TokenSpan, Word
from polymodal.speech.transcripts.words import words_from_spans

__all__ = ["Frames", "Reader", "Recogniser", "hears"]

_GRID = 8  # padded lengths are multiples of this many steps, as in training
_LENGTHS = 8  # different padded lengths at most: each one is compiled by itself
_MOST_SECONDS = 30.0  # of a chunk, whatever the model was trained for
_PAUSE_SECONDS = 0.5  # no word has such a silence inside
_LEAST_RATE = 8000  # hertz below which pauses cannot be found


class Frames(NamedTuple):
    """A model's outputs for one chunk.

    Args:
        log_probs: float32 (frames, symbols and blank).
        seconds: float, from one frame to the next.
        score: function from spellings to what the run's attention decoder gives them, or None.
    """

    log_probs: np.ndarray
    seconds: float
    score: Any = None


class Reader:
    """Decodes words from a recogniser's frames.

    Args:
        predictor: Predictor of a run whose task is transcribe.
        reading: keyword arguments of `Reading`, such as beam=16 and language_model="lm.arpa". Where
            it names no language model, the run's own is used, if it has one.

    Raises:
        RecipeError: a choice that there is not, or is out of range.
    """

    def __init__(self, predictor: SpeechPredictor, **reading: Any):
        check_choice(reading)
        self.model, self.target = predictor.model, predictor.target
        self.owns = predictor.language is not None and "language_model" not in reading
        if self.owns:
            reading["language_model"] = predictor.language
        self.reading = Reading(
            predictor.target.labels, ctc_weight=predictor.head.ctc_weight, **reading
        )
        joint = self.reading.beam and predictor.head.guided
        self.rescoring = Rescoring(self.model, self.reading.beam) if joint else None
        self.calibration = predictor.calibration or WordCalibration()

    @property
    def choice(self) -> dict[str, Any]:
        """How frames are read, and whether the confidence of words is more than the model's own."""
        found = {**self.reading.described(), "calibrated": self.calibration.method != "none"}
        if self.owns:
            found["language_model"] = {**found["language_model"], "file": FILE}
        return found

    def frames_of(self, inputs: dict[str, Any]) -> tuple[np.ndarray, Sequence[Any]]:
        """Returns the logits (batch, frames, outputs) of a batch, and a score of each row's texts
        by the run's attention decoder, or None."""
        if self.rescoring:
            return self.rescoring.frames(inputs)
        logits = np.asarray(self.model.predict_on_batch(inputs), np.float32)
        return logits, [None] * len(logits)

    def spelled(self, logits: np.ndarray, scores: Sequence[Any]) -> list[list[TokenSpan]]:
        """Returns the symbols that are read in each row of what `frames_of` returned."""
        log_probs = log_softmax(np.asarray(logits, np.float32))
        return [
            self.reading(frames, score) for frames, score in zip(log_probs, scores, strict=True)
        ]

    def words(self, frames: Frames, start_seconds: float = 0.0) -> list[Word]:
        """Returns the words of a chunk that starts at `start_seconds`.

        A long silence ends a word, even if the model says no space there. Confidences are as the
        run's calibration has them. It was fitted on words as the run reads by itself: with another
        language model, which mends other words, they are only about right.
        """
        groups: list[list[TokenSpan]] = [[]]
        for span in self.reading(frames.log_probs, frames.score):
            if groups[-1]:
                last = groups[-1][-1].end_frame
            else:
                last = span.start_frame
            if (span.start_frame - last) * frames.seconds >= _PAUSE_SECONDS:
                groups.append([])
            groups[-1].append(span)
        return self.calibration.words(
            [
                word
                for group in groups
                for word in words_from_spans(
                    group, self.reading.symbols, frames.seconds, start_seconds
                )
            ]
        )


class Recogniser(Reader):
    """Recognises words in chunks of sound with a run that transcribes.

    Args:
        predictor: Predictor of a run whose task is transcribe and whose only input is sound.
        reading: keyword arguments of `Reading`, such as beam=16 and language_model="lm.arpa".

    Raises:
        RecipeError: the run does something else, has other inputs, or hears below 8000 hertz.
    """

    def __init__(self, predictor: SpeechPredictor, **reading: Any):
        _check(predictor)
        super().__init__(predictor, **reading)
        source = predictor.inputs[0]
        self.key, self.modality = source.key, source.modality
        self.sample_rate: int = self.modality.sample_rate
        self.chunk_seconds = min(_MOST_SECONDS, self.modality.max_seconds)
        self.step_seconds: float = self.modality.step_seconds
        self._grid = _GRID * max(1, -(-int(self.modality.limit) // (_GRID * _LENGTHS)))

    def encode(self, samples: np.ndarray) -> np.ndarray:
        """Returns the features of float32 samples of -1 to 1, (steps, num_mels)."""
        return self.modality.encode(self.modality.as_decoded(samples))

    def frames(self, features: Sequence[np.ndarray]) -> list[Frames]:
        """Returns the model's outputs for each chunk of a batch.

        Padded lengths are multiples of a coarse grid and batches powers of two, so that an engine
        compiles few shapes. How long a frame is follows from how many come out.
        """
        longest = max(map(len, features))
        length = -(-longest // self._grid) * self._grid
        filler = (1 << (len(features) - 1).bit_length()) - len(features)
        array, mask = collate(self.modality, [*features, *[None] * filler], length)
        inputs = select_inputs({self.key: array, mask_key(self.key): mask}, with_masks([self.key]))
        logits, scores = self.frames_of(inputs)
        stride = _stride(length, logits.shape[1])
        return [
            Frames(
                log_softmax(row[: int(np.ceil(len(known) / stride))]),
                stride * self.step_seconds,
                score,
            )
            for row, known, score in zip(logits, features, scores, strict=False)
        ]


def hears(predictor: SpeechPredictor) -> bool:
    """Returns whether a run transcribes from sound alone, so that a Recogniser can use it."""
    try:
        _check(predictor)
    except RecipeError:
        return False
    return True


def _check(predictor: SpeechPredictor) -> None:
    if not predictor.task.hears:
        raise RecipeError(
            f"Transcription needs a run of the task transcribe. Got "
            f"{predictor.task.name}. Use predict."
        )
    kinds = [predictor.recipe.inputs[i.name]["modality"] for i in predictor.inputs]
    if kinds != ["audio"]:
        raise RecipeError(
            "Transcription needs a run whose only input is audio. Got "
            f"{' and '.join(kinds)}. Use predict --data with a table."
        )
    rate = predictor.inputs[0].modality.sample_rate
    if rate < _LEAST_RATE:
        raise RecipeError(
            "Transcription needs a run with a sample_rate of at least "
            f"{_LEAST_RATE}. Got {rate}. Train with a higher sample_rate."
        )


def _stride(steps: int, frames: int) -> float:
    """Returns how many steps a frame stands for; the last frame may stand for fewer."""
    whole = max(1, round(steps / frames))
    if frames in (steps // whole, -(-steps // whole)):
        return whole
    return steps / frames
