"""Sequences: one vector per step, steps possibly missing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.core.fields import Fields
from polymodal.preprocess.modality import Modality, check_range
from polymodal.preprocess.numbers.statistics import MOST_FEATURES, Moments, mean_and_std
from polymodal.preprocess.vector import from_json, numbers
from polymodal.tables.reading.numbers import NumberFormat
from polymodal.tables.reading.reading import Reading, readings_of

__all__ = ["Sequence", "listed_steps"]


class Sequence(Modality):
    """A list of vectors (or of single numbers), each feature standardised by the train split.

    A step that is None is missing: it is a row of NaN in what `decode` and `encode` return, and
    zeros with mask False in the batch. A vector that is NaN in part is an error.

    Args:
        dim: int, numbers in one step; None takes it from the train split.
        max_length: int, longer sequences are cut there.
        noise: float, augmentation: normal noise of this many standard deviations.
        readings: mapping of the column to how single numbers are read, as `columns` of a recipe
            has it.
    """

    encoder = "rnn"
    has_time = True
    limit: int
    has_gaps = True

    def __init__(
        self,
        dim: int | None = None,
        max_length: int = 512,
        noise: float = 0.0,
        readings: dict | None = None,
    ):
        check_range("Sequence", "dim", 1 if dim is None else dim, 1, 1_000_000)
        check_range("Sequence", "max_length", max_length, 1, 1_000_000)
        check_range("Sequence", "noise", noise, 0, 10)
        self.dim, self.limit, self.noise = dim, max_length, noise
        self.mean, self.std = Moments().result(dim or 1)
        self._format = next(iter(readings_of(readings).values()), Reading()).numbers

    @classmethod
    def suggest(cls, cells: Iterable[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        dims: Counter = Counter()
        longest = 0
        for cell in cells:
            try:
                if cell is None:
                    steps = None
                else:
                    steps = _steps(_as_numbers(cell), NumberFormat())
            except DataError:
                continue
            known = [step for step in steps or [] if step is not None]
            if known:
                dims[len(known[0])] += 1
                longest = max(longest, len(steps or []))
        if not dims:
            return {}
        return {"dim": dims.most_common(1)[0][0], "max_length": min(2048, max(8, 2 * longest))}

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (None, self.dim)

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns float32 (time, dim), one step above the limit if longer; a text is JSON."""
        steps = _steps(cell, self._format)[: self.limit + 1]
        known = [len(step) for step in steps if step is not None]
        dim = self.dim or (known[0] if known else 1)
        for number, step in enumerate(steps, start=1):
            if step is not None and len(step) != dim:
                raise DataError(
                    f"has {len(step)} numbers at step {number}, expected {dim}.",
                    "Give every step as many.",
                    reason="wrong_length",
                )
        missing = np.full(dim, np.nan, np.float32)
        return np.stack([missing if step is None else step for step in steps])

    def fit(self, decoded: Iterable[np.ndarray]) -> None:
        moments = Moments()
        for steps in decoded:
            known = steps[~np.isnan(steps[:, 0])]
            if not len(known):
                continue
            self.dim = self.dim or steps.shape[1]
            if steps.shape[1] != self.dim:
                raise DataError(
                    f"has {steps.shape[1]} numbers a step in one row and {self.dim} in others.",
                    "Give every step as many.",
                    reason="wrong_length",
                )
            moments.add(known)
        self.mean, self.std = moments.result(self.dim or 1)

    def augment(self, decoded: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if not self.noise:
            return decoded
        noise = rng.standard_normal(decoded.shape, np.float32)
        return decoded + np.float32(self.noise) * noise * self.std

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        if self.dim is not None and decoded.shape[1] != self.dim:  # nothing but missing steps
            decoded = np.full((len(decoded), self.dim), np.nan, np.float32)
        return (decoded[: self.limit] - self.mean) / self.std

    def length(self, decoded: np.ndarray) -> int:
        return min(len(decoded), self.limit)

    def truncated(self, decoded: np.ndarray) -> bool:
        return len(decoded) > self.limit

    def state(self) -> dict[str, Any]:
        return {
            "dim": self.dim,
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "format": self._format.state(),
            "missing": self._format.usual,
        }

    def restore(self, state: dict[str, Any]) -> None:
        fields = Fields(state)
        self.dim = fields.whole_or_none("dim", 1, MOST_FEATURES)
        self.mean, self.std = mean_and_std(fields, self.dim or 1)
        if "format" in fields:
            self._format = NumberFormat.restored(
                Fields(fields.mapping("format")), fields.texts("missing")
            )


def listed_steps(values: Any, what: str, fix: str, reason: str = "not_a_sequence") -> list[Any]:
    """Returns the steps of a cell.

    Args:
        values: list, tuple or array with something for each step.
        what: str, what there is for each step, for messages: "vector".
        fix: str, what to do about anything else.
        reason: str, key of that error.

    Raises:
        DataError: it is something else, or has no step.
    """
    if not isinstance(values, list | tuple | np.ndarray):
        raise DataError(
            f"needs a list with one {what} per step. Got {type(values).__name__}.",
            fix,
            reason=reason,
        )
    if not len(values):
        raise DataError(
            "has 0 steps.", "Leave the cell empty if it is missing.", reason="empty_sequence"
        )
    return list(values)


def _steps(cell: Any, plain: NumberFormat) -> list[np.ndarray | None]:
    values = listed_steps(from_json(cell), "vector", "Check the modality of this column.")
    return [_step(value, number, plain) for number, value in enumerate(values, start=1)]


def _step(value: Any, number: int, plain: NumberFormat) -> np.ndarray | None:
    if value is None:
        return None
    try:
        if _is_single(value):
            value = _single(value, plain)
        single = isinstance(value, int | float | np.number)
        if value is None:
            return None
        return numbers([value] if single else value)
    except DataError as error:
        error.problem = f"at step {number} {error.problem}"
        raise


def _is_single(value: Any) -> bool:
    return isinstance(value, str) and not value.lstrip().startswith("[")


def _as_numbers(cell: Any) -> Any:
    """Returns a cell whose steps are numbers, however they are written: their count is wanted."""
    if not isinstance(cell, list):
        return cell
    return [0.0 if _is_single(step) else step for step in cell]


def _single(text: str, plain: NumberFormat) -> float | None:
    try:
        return plain.read(text)
    except ValueError as error:
        raise DataError(str(error), "Correct or empty the cell.", reason="not_a_number") from None
