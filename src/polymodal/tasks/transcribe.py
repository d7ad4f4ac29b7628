"""Transcription: what is said in a recording, as text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.target import Judged, Scores
from polymodal.preprocess.targets.transcribe import TranscriptTarget
from polymodal.profile.target_form import TEXTS
from polymodal.tasks._texts import TextTask

if TYPE_CHECKING:
    from polymodal.evaluation.scores.transcripts import TranscriptScores

__all__ = ["Transcribe"]

_MOST_SECONDS = 30.0  # of a recording that is transcribed as a whole
# Usual settings of a modality or an encoder that would harm this task.
_OF_INPUT: dict[str, dict[str, Any]] = {
    # shifted sound wraps around, which would put the end of a sentence first
    "audio": {"shift_seconds": 0.0, "speed": 0.1},
    # four frames of 10 ms are shorter than a phoneme; two stages keep frequency positions, and a
    # third would cost more than both
    "conv_audio": {"time_stride": 4, "num_stages": 2},
}
# Other speakers, other rooms. With mean normalisation but no silence in training, a model predicts
# words in pauses. Next to a video of the lips, added silence would shift the speech.
_SPEECH_ALONE = {"centred": True, "warp": 0.12, "room_seconds": 0.4, "noise": 0.3,
                 "silence_seconds": 1.0}


class Transcribe(TextTask):
    """Transcribes speech."""

    name = "transcribe"
    title = "transcribe"
    headline = "wer"
    lower_is_better = frozenset({"wer", "cer"})
    hears = True
    reads_media = True
    command = "transcribe {run} talk.wav"
    target = TranscriptTarget
    stepwise = True
    sequence = ({"name": "recurrent", "num_layers": 2},
                "A sound depends on the sounds before and after it.")
    rows_seen = 37_500  # each has many labels in it
    always_augments = True  # other voices and pauses are missing among many rows too

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.frames import FrameHead

        return FrameHead

    def fits_inputs(self, form: str, modalities: Collection[str], several: bool) -> str:
        """Returns why a free text about these inputs is one of these answers, or ""."""
        if form != TEXTS or several or "audio" not in modalities:
            return ""
        return "The target is free text next to audio: its transcript."

    def input_settings(self, config: Mapping[str, Any], alone: bool) -> dict[str, Any]:
        """Returns how recordings are augmented and truncated, and the time stride."""
        found = dict(_OF_INPUT.get(config["modality"], {}) | _OF_INPUT.get(config["encoder"], {}))
        if config["modality"] == "audio" and alone:
            found |= _SPEECH_ALONE
        if "max_seconds" in config:
            # a sample misses the longest ones, and truncated sound lacks part of its transcript
            longest = min(_MOST_SECONDS, 1.5 * config["max_seconds"])
            found["max_seconds"] = round(longest, 1)
        return found

    def distracts(self, modality: str, modalities: Collection[str]) -> bool:
        """Numbers and texts next to a recording are mostly its length or its words, and a new
        recording has none."""
        return (modality in ("tabular", "text", "texts")
                and bool({"audio", "video"} & set(modalities)))

    def batch_tokens(self, batch_size: int, steps: float) -> int | None:
        """Returns the steps of a batch of average rows: recordings differ in length."""
        return round(batch_size * steps) or None

    def scores(self, rest: Predictions) -> Scores:
        """Returns word and character error rate."""
        return self._compared(rest)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns the wrong words."""
        return self._compared(rest).items[:, 0]

    def details(self, scores: Scores) -> dict[str, Any]:
        """Returns the most wrong transcripts, and what was counted and how."""
        from polymodal.evaluation.scores.transcripts import TranscriptScores

        return {"transcripts": scores.details()} if isinstance(scores, TranscriptScores) else {}

    def judged(self, rest: Predictions) -> Judged:
        """Returns which transcripts are right, those with few wrong words first."""
        wrong = self._compared(rest).items[:, 0]
        return Judged(wrong == 0, wrong, [None] * len(rest))

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns what was said and what was transcribed."""
        wrong = self._compared(found.take(np.array([place]))).items[0, 0]
        return {**super().shown(found, place), "right": bool(wrong == 0)}

    def _compared(self, rest: Predictions) -> TranscriptScores:
        from polymodal.evaluation.scores.transcripts import TranscriptScores  # jiwer is slow

        return TranscriptScores(rest)

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"transcribes {target} for each row"
