"""What every modality does: decode a cell, learn from the train split, augment, encode."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import RecipeError


class Modality(ABC):
    """Turns the cells of one input into arrays that a model takes.

    The arguments of the constructor are the keys of a recipe. A cell is first decoded (which never
    is random, and may be cached), then, in training, augmented, then encoded.

    Attributes:
        cached: bool, whether decoded arrays are worth keeping on disk.
        has_time: bool, whether encoded arrays are `(time, ...)`.
        several: bool, whether a row may have several of what the encoder reads one of: arrays are
            (items, ...), and the time axis counts them.
        num_parts: int, how many of those several belong to one place, as the tiles of an image do.
        frame_tokens: int or None, tokens that a model keeps of each of several at most, which are
            frames of one video and come one after the other.
        has_gaps: bool, whether a step of an encoded array may be missing: all NaN, of ids all 0.
        has_fields: bool, whether single features may be missing, NaN: the mask is
            `(batch, features)`.
        whole_row: bool, whether a cell is `{column: value}` rather than one value.
        dtype: numpy dtype of encoded arrays.
        limit: int or None, steps that `encode` keeps at most.
        step_seconds: float or None, time from one step to the next, where it is always the same.
        encoder: str, the encoder that serves it where a recipe names none.
        files: kinds of media files that a cell may be, as `tables.kinds` calls them.
        is_text: bool, whether a cell is a text, or texts.
        is_still: bool, whether training takes it as it is, without `augment`: of a frozen encoder.
        is_fitted: bool, whether it has what it learns already, from another run.
        augmentation: names of settings that change `augment` alone.
        extent: names of settings that say how much of a row is read, and not how.
        vocabulary_size: int or None, how many ids there are, where encoded arrays are ids.
    """

    cached = False
    has_time = False
    several = False
    num_parts = 1
    frame_tokens: int | None = None
    has_gaps = False
    has_fields = False
    whole_row = False
    dtype: Any = np.float32
    limit: int | None = None
    step_seconds: float | None = None
    vocabulary_size: int | None = None
    encoder: str
    files: tuple[str, ...] = ()
    is_text = False
    is_still = False
    is_fitted = False
    augmentation: tuple[str, ...] = ()
    extent: tuple[str, ...] = ()

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        """Returns constructor arguments that fit a sample of train cells. Broken cells are skipped.

        Args:
            cells: list of cells, None where missing.
            root: folder that relative paths start from.
        """
        return {}

    @classmethod
    def among(cls, others: Sequence[str]) -> dict[str, Any]:
        """Returns constructor arguments that follow from the modalities of the other inputs."""
        return {}

    @property
    @abstractmethod
    def shape(self) -> tuple[int | None, ...]:
        """Shape of an encoded array, without the batch; None is the time axis."""

    @abstractmethod
    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> Any:
        """Returns the cell in one plain form, the same each time. The cell is never None.

        Raises:
            DataError: without table, row and column, which the caller adds.
        """

    @abstractmethod
    def encode(self, decoded: Any) -> np.ndarray:
        """Returns the array that the model takes: `shape`, `dtype`."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Returns what `fit` learned, as plain JSON values."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""

    def fit(self, decoded: Iterable[Any]) -> None:  # noqa: B027 - nothing to learn by default
        """Learns statistics or a vocabulary from decoded values of the train split."""

    def look(self, decoded: Iterable[Any]) -> None:  # noqa: B027 - nothing to note by default
        """Looks at the train split where it is fitted already, for `notes`."""

    def gaps(self, cell: Any) -> list[str]:
        """Returns the columns of a row that `decode` takes for missing although they hold
        something, an infinite number; for inputs of several columns."""
        return []

    def notes(self) -> list[str]:
        """Returns sentences about the train split that a person should know, once it is learned."""
        return []

    def augment(self, decoded: Any, rng: np.random.Generator) -> Any:
        """Returns an augmented copy with the same number of steps."""
        return decoded

    def augment_all(
        self, decoded: list[Any], rng: np.random.Generator, longest: int | None = None
    ) -> Sequence[Any]:
        """Returns an augmented copy of each value of a batch, sampled independently.

        Args:
            decoded: values of a batch.
            rng: Generator.
            longest: int or None, steps that the batch has room for, to which a copy may grow.
        """
        return [self.augment(one, rng) for one in decoded]

    def encode_all(self, decoded: Sequence[Any]) -> Sequence[np.ndarray]:
        """Returns what `encode` gives for each of a batch."""
        return [self.encode(one) for one in decoded]

    def length(self, decoded: Any) -> int:
        """Returns how many steps `encode` gives; 1 without a time axis."""
        return 1

    def truncated(self, decoded: Any) -> bool:
        """Returns whether `encode` truncates because of `limit`."""
        return False

    def what_is_cut(self, decoded: Any) -> str:
        """Returns a clause on what `encode` leaves out of a text."""
        return "the rest is cut off"

    def decode_key(self) -> dict[str, Any]:
        """Returns everything that changes the result of `decode`: the key of the cache."""
        return {"modality": type(self).__name__.lower(), "version": 1}


FIT_SAMPLES = 2000  # pictures, sounds or videos that means and deviations are learned from


def check_range(who: str, name: str, value: Any, low: float, high: float) -> None:
    """Raises RecipeError unless `low <= value <= high`."""
    if not low <= value <= high:
        raise RecipeError(f"{who} needs {name} from {low} to {high}. Got {value}.")
