"""What recognition needs of a trained run, which is more than a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from polymodal.feed.findings import Checked
from polymodal.feed.loader import Loader
from polymodal.feed.samples import Samples
from polymodal.speech.decoding.confidence import WordCalibration
from polymodal.speech.language.ngram import NGram
from polymodal.tables.table import Table

__all__ = ["FrameCount", "SpeechPredictor"]


class FrameCount(Protocol):
    """How many frames a row has."""

    def num_tokens(self, lengths: Iterable[int]) -> int:
        """Returns the frames of a row, from the steps of each input, 0 where it is missing."""
        ...


class SpeechPredictor(Protocol):
    """A trained run: its model, its inputs and how it decodes.

    Attributes:
        recipe: the run's recipe.
        task: its task.
        inputs: its inputs, each with `name`, `key`, `columns` and `modality`.
        target: what its outputs mean, with `labels`.
        model: the model, with `encode`, `head` and `predict_on_batch`.
        head: the task's head, with `ctc_weight` and `guided`.
        calibration: of word confidence, or None.
        language: the run's own language model, or None.
    """

    recipe: Any
    task: Any
    inputs: list[Any]
    target: Any
    model: Any
    head: Any
    calibration: WordCalibration | None
    language: NGram | None

    def samples(self, table: Table, scored: bool) -> Samples:
        """Returns a table as the model reads it."""
        ...

    def loader(self, samples: Samples, checked: Checked, batch_size: int = ...) -> Loader:
        """Returns the batches of samples that were checked."""
        ...

    def table_of(self, file: str) -> Table:
        """Returns a table with one row for a file. Raises DataError."""
        ...

    def room(self) -> FrameCount | None:
        """Returns how many frames a row has; None where an input has no time axis."""
        ...
