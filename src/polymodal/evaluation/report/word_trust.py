"""Calibration of word confidence: a curve and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.counting import counted
from polymodal.evaluation.plots.build import word_reliability_chart
from polymodal.evaluation.scores.calibration import distance, reliability_of
from polymodal.evaluation.texts.word_confidence import (
    LEAST_WORDS,
    WordClaims,
    cross_fitted,
    word_claims,
)
from polymodal.evaluation.words import SPACE
from polymodal.speech.decoding.confidence import WordCalibration

__all__ = ["word_trust"]


def word_trust(
    shown: Predictions, split: str, state: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Returns the reliability of the words of transcripts, calibrated as in use.

    Where the words shown are those that the calibration was fitted on, each fifth of them is
    calibrated by the other four.

    Args:
        shown: Predictions with `words`.
        split: str, the part of the data that they are of.
        state: what `WordCalibration.to_json` gave, or None for confidences as the model has them.

    Returns:
        {"chart": Columns, "sentences": str}, or None where there are no words to judge.
    """
    claims = word_claims(shown)
    if claims is None:
        return None
    if state:
        calibration = WordCalibration.from_json(state)
    else:
        calibration = WordCalibration()
    crossed = calibration.method != "none" and calibration.split == split
    if crossed:
        confidence = cross_fitted(claims)
    else:
        confidence = calibration(claims.confidence)
    return {
        "chart": word_reliability_chart(confidence, claims.right),
        "sentences": _judged(claims, confidence, split) + _origin(claims, calibration, crossed),
    }


def _judged(claims: WordClaims, confidence: np.ndarray, split: str) -> str:
    error = distance(reliability_of(confidence, claims.right))
    count = len(claims.right)
    return (
        f"Of the {counted(count, 'word')} that it transcribed on {split}, "
        f"{_percent(claims.right.mean())} are right, with a confidence of "
        f"{_percent(confidence.mean())} on average. Calibration error (average gap between "
        f"confidence and share right): {100 * error:.1f} points."
    )


_CROSSED = (
    " The figures here are of the same {split}, so each fifth of it was calibrated on the other "
    "four (cross-fitting)."
)


def _origin(claims: WordClaims, calibration: WordCalibration, crossed: bool) -> str:
    """Returns a sentence on the source of the confidences."""
    split, count = calibration.split, calibration.num_words
    if calibration.method != "none":
        raw = distance(reliability_of(claims.confidence, claims.right))
        found = (
            f" Confidences were calibrated on {counted(count, 'word')} of {split}; without "
            f"calibration the error is {100 * raw:.1f} points."
        )
        if crossed:
            found += _CROSSED.format(split=split)
        return found
    own = " The confidences are the model's own"
    if not split:
        return f"{own}."
    if count < LEAST_WORDS:
        return f"{own}: {split} has {counted(count, 'word')}, and calibration needs {LEAST_WORDS}."
    same = "wrong"
    if calibration.num_right:
        same = "right"
    return f"{own}: all {count:,} words of {split} are {same}, so there is nothing to calibrate."


def _percent(share: float) -> str:
    return f"{100 * share:.1f}{SPACE}%"
