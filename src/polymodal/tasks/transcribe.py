"""Transcription: what is said in a recording, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from polymodal.core.contracts.target import Judged, Scores, Target
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError
from polymodal.core.fields import Fields
from polymodal.profile.target_form import TEXTS
from polymodal.tasks._texts import TextTask
from polymodal.text.cleaning import clean_text

if TYPE_CHECKING:
    from polymodal.evaluation.scores.transcripts import TranscriptScores

__all__ = ["Transcribe"]


class TranscriptTarget(Target):
    """The characters of a transcript as indices, int32 (time,).

    Outputs of the model are the characters of train, the space among them, and, as the last one,
    blank: nothing. A character that train lacks cannot be predicted and is dropped.

    Args:
        lowercase: bool, whether to lowercase: case cannot be heard.
        max_symbols: int, characters that are kept, the most frequent ones.
        max_length: int, longer transcripts are cut there.
        ctc_weight: float, below 1 if a decoder is trained next to CTC, with teacher forcing.

    Example:

    >>> target = TranscriptTarget()
    >>> target.fit(["ab a"])
    >>> target.encode("Ba").tolist(), target.num_outputs
    ([2, 1], 4)
    >>> target.decode([2, 1])
    'ba'
    """

    has_time = True
    dtype = np.int32
    shape = (None,)
    has_references = True
    padding = -1  # behind the last character, where 0 would be a character

    def __init__(
        self,
        lowercase: bool = True,
        max_symbols: int = 5000,
        max_length: int = 2000,
        ctc_weight: float = 1.0,
    ):
        self.lowercase, self.max_symbols, self.max_length = lowercase, max_symbols, max_length
        self.is_fed_back = ctc_weight < 1
        self._set([])

    @property
    def labels(self) -> list[str]:
        """Characters in the order of the model's outputs."""
        return self._characters

    @property
    def num_outputs(self) -> int:
        """Number of outputs: characters and blank."""
        return len(self._characters) + 1

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the characters of the train split.

        Raises:
            DataError: there is none.
        """
        counts = Counter(c for value in values for c in self.clean(value))
        if not counts:
            raise DataError(
                "has no character in train.", "Name another target.", reason="single_label"
            )
        ranked = sorted(counts, key=lambda c: (-counts[c], c))
        self._set(sorted(ranked[: self.max_symbols]))

    def references(self, value: Any) -> list[str]:
        """Returns the text of a cell, unchanged, in a list.

        Raises:
            DataError: the cell is not a text.
        """
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)  # a table of digits is read as numbers
        if not isinstance(value, str):
            raise DataError(
                f"needs a text. Got {type(value).__name__}.",
                "Write what is said as text.",
                reason="not_a_text",
            )
        if not value.strip():
            raise DataError(
                "has no text.",
                "Leave the cell empty if there is no transcript.",
                reason="empty_text",
            )
        return [value]

    read = references  # what `fit` needs of a cell

    def encode(self, value: Any) -> np.ndarray:
        """Returns the indices of the characters that train has, int32 (time,).

        Raises:
            DataError: the cell is not a text.
        """
        known = [self._index[c] for c in self.clean(value) if c in self._index]
        return np.array(known[: self.max_length], np.int32)

    def truncated(self, value: Any) -> bool:
        """Returns whether `encode` truncates the text."""
        return len(self.clean(value)) > self.max_length

    def previous(self, targets: np.ndarray) -> np.ndarray:
        """Returns the output before each step and before the end, int32 (batch, symbols + 1)."""
        start = np.full((len(targets), 1), self.num_outputs)
        return np.concatenate([start, targets], axis=1).astype(np.int32)

    def given(self) -> dict[str, Any]:
        """Returns how long a transcript may be."""
        return {"max_length": self.max_length}

    def num_frames(self, encoded: np.ndarray) -> int:
        """Returns the frames that CTC needs: one for each, and blank between equal neighbours."""
        return len(encoded) + int((encoded[1:] == encoded[:-1]).sum())

    def decode(self, indices: Iterable[int]) -> str:
        """Returns the text of character indices, without negative ones and blank."""
        known = len(self._characters)
        text = "".join(self._characters[i] for i in map(int, indices) if 0 <= i < known)
        return " ".join(text.split())

    def state(self) -> dict[str, Any]:
        """Returns the characters."""
        return {"labels": self._characters}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        self._set(Fields(state).texts("labels"))

    def _set(self, characters: list[str]) -> None:
        self._characters = list(characters)
        self._index = {c: i for i, c in enumerate(self._characters)}
        letters = "".join(c for c in self._characters if len(c) == 1)
        self._capitals = letters.isupper()

    def clean(self, value: Any) -> str:
        """Returns the text of a cell as it is learned, with normalised spaces and case: that of a
        published model that writes capitals alone."""
        text = clean_text(self.references(value)[0], self.lowercase)
        if self._capitals:
            return text.upper()
        return text


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
_SPEECH_ALONE = {
    "centred": True,
    "warp": 0.12,
    "room_seconds": 0.4,
    "noise": 0.3,
    "silence_seconds": 1.0,
}


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
    sequence = (
        {"name": "recurrent", "num_layers": 2},
        "A sound depends on the sounds before and after it.",
    )
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
        return modality in ("tabular", "text", "texts") and bool(
            {"audio", "video"} & set(modalities)
        )

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

        if isinstance(scores, TranscriptScores):
            return {"transcripts": scores.details()}
        return {}

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
