"""Calibration: is a model that states 80 % right in 80 of 100 cases?"""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.task import Predictions

__all__ = ["claims", "distance", "expected_calibration_error", "reliability", "reliability_of"]

NUM_BINS = 15


def claims(rest: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Returns stated probabilities and whether each was right, both (n,).

    For classes: probability of the answer and whether it is right. For labels: the
    probability of every one and whether the label holds, (n x labels,).
    """
    outputs, targets = np.asarray(rest.outputs, np.float64), np.asarray(rest.targets)
    if targets.ndim == 2:
        return outputs.ravel(), targets.astype(bool).ravel()
    answers = rest.answers
    return outputs[np.arange(len(outputs)), answers], answers == targets


def bin_of(confidence: np.ndarray, num_bins: int = NUM_BINS) -> np.ndarray:
    """Returns the bin of each confidence in 0..1, bins being of equal width."""
    return np.clip((confidence * num_bins).astype(np.int64), 0, num_bins - 1)


def reliability(predictions: Predictions, num_bins: int = NUM_BINS) -> list[dict]:
    """Returns the bars of a reliability diagram.

    Args:
        predictions: Predictions of a task with classes; only scored rows count.
        num_bins: int, number of bins of equal width between 0 and 1.

    Returns:
        list of {"low", "high", "confidence", "accuracy", "n"} for the bins that hold rows:
        `confidence` is the mean stated probability, `accuracy` the share that is right.
    """
    return reliability_of(*claims(predictions.take(predictions.scored)), num_bins)


def reliability_of(
    confidence: np.ndarray, right: np.ndarray, num_bins: int = NUM_BINS
) -> list[dict]:
    """Returns the bars of `reliability` for stated probabilities (n,) and whether each is right
    (n,).  Source: Guo et al. 2017, On Calibration of Modern Neural Networks, equations 1 to 3.
    """
    place = bin_of(confidence, num_bins)
    count = np.bincount(place, minlength=num_bins)
    claimed = np.bincount(place, weights=confidence, minlength=num_bins)
    true = np.bincount(place, weights=right, minlength=num_bins)
    return [
        {
            "low": i / num_bins,
            "high": (i + 1) / num_bins,
            "n": int(count[i]),
            "confidence": float(claimed[i] / count[i]),
            "accuracy": float(true[i] / count[i]),
        }
        for i in np.flatnonzero(count)
    ]


def expected_calibration_error(predictions: Predictions, num_bins: int = NUM_BINS) -> float:
    """Returns the mean gap between stated probability and share right, weighted by rows.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks, equation 3.
    """
    return distance(reliability(predictions, num_bins))


def distance(bars: list[dict]) -> float:
    """Returns the mean gap between confidence and accuracy of the bars of `reliability`."""
    total = sum(bar["n"] for bar in bars)
    return sum(bar["n"] * abs(bar["accuracy"] - bar["confidence"]) for bar in bars) / total
