"""Calibration of word confidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polymodal.speech.transcripts.transcript import Word

__all__ = ["WordCalibration"]

_MOST_POINTS = 100_000
_METHODS = ("none", "logistic", "isotonic")


@dataclass(frozen=True)
class WordCalibration:
    """A rising curve from a model's confidence in a word to the share of right words.

    Args:
        method: str, how it was fitted: "isotonic", "logistic", or "none", which changes nothing.
        points: tuple of (confidence, share right), both 0 to 1 and rising; straight lines lie
            between them.
        num_words: int, words that it was fitted on, or that were too few.
        num_right: int, how many of them were right.
        split: str, the part of the data that they are from.

    Raises:
        ValueError: another method, or points that do not rise from 0 to 1.

    Example:

    >>> modest = WordCalibration("isotonic", ((0.5, 0.8), (1.0, 0.9)), 100, 85, "val")
    >>> modest([0.2, 0.75]).tolist()
    [0.8, 0.8500000000000001]
    """

    method: str = "none"
    points: tuple[tuple[float, float], ...] = ()
    num_words: int = 0
    num_right: int = 0
    split: str = ""

    def __post_init__(self):
        pairs = np.asarray(self.points, np.float64).reshape(-1, 2)
        inside = bool(((pairs >= 0) & (pairs <= 1)).all() and (np.diff(pairs, axis=0) >= 0).all())
        if self.method == "none":
            fits = len(pairs) == 0
        else:
            fits = 0 < len(pairs) <= _MOST_POINTS
        if self.method not in _METHODS or not inside or not fits:
            raise ValueError(
                f"WordCalibration needs one of {', '.join(_METHODS)} and points that rise between "
                f"0 and 1. Got {self.method!r} and {len(pairs)} points. Train the run again."
            )

    def __call__(self, confidence: Any) -> np.ndarray:
        """Returns calibrated confidences, float (n,), for those of the model (n,)."""
        confidence = np.asarray(confidence, np.float64)
        if self.method == "none":
            return confidence
        claimed, right = np.array(self.points).T
        return np.interp(confidence, claimed, right)

    def words(self, words: list[Word]) -> list[Word]:
        """Returns the words with calibrated confidences."""
        if self.method == "none" or not words:
            return words
        found = self([word.confidence for word in words])
        return [
            replace(word, confidence=round(float(value), 6))
            for word, value in zip(words, found, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns everything as JSON values."""
        return {**vars(self), "points": [list(point) for point in self.points]}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> WordCalibration:
        """Returns what `to_json` described.

        Raises:
            ValueError, TypeError, KeyError: it is no such description.
        """
        points = tuple((float(claimed), float(right)) for claimed, right in state["points"])
        return cls(
            str(state["method"]),
            points,
            int(state["num_words"]),
            int(state["num_right"]),
            str(state["split"]),
        )
