"""F1 of classes under weights."""

from __future__ import annotations

import numpy as np

__all__ = ["f1_scores"]


def f1_scores(
    truth: np.ndarray, guess: np.ndarray, num_classes: int, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Returns {"f1_macro", "f1_weighted": (samples,)}, of sets of labels "f1_micro" too, of classes
    "balanced_accuracy", the mean recall of the classes that occur.

    A class that neither occurs nor is predicted has no F1 and is left out of the mean.

    Args:
        truth: (n,) class indices, or (n, classes) bool.
        guess: predictions of that form.
        num_classes: int.
        weights: (n, samples) float64.
    """
    hit, said, real = (_per_class(part, num_classes, weights) for part in _members(truth, guess))
    f1 = 2 * hit / (said + real)  # (classes, samples), nan where the class is absent
    found = {
        "f1_macro": np.nansum(f1, axis=0) / np.sum(said + real > 0, axis=0),
        "f1_weighted": np.nansum(f1 * real, axis=0) / real.sum(axis=0),
    }
    if truth.ndim == 1:
        found["balanced_accuracy"] = np.nansum(hit / real, axis=0) / np.sum(real > 0, axis=0)
    else:
        found["f1_micro"] = 2 * hit.sum(axis=0) / (said + real).sum(axis=0)
    return found


def _members(truth: np.ndarray, guess: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns who is a hit, who is predicted, who is real: class ids (-1 none) or bool (n, c)."""
    if truth.ndim == 2:
        return truth & guess, guess, truth
    return np.where(truth == guess, truth, -1), guess, truth


def _per_class(member: np.ndarray, num_classes: int, weights: np.ndarray) -> np.ndarray:
    """Returns (classes, samples): the weight of the rows that are members of each class."""
    from scipy.sparse import csr_matrix

    if member.ndim == 2:
        return member.T.astype(np.float64) @ weights
    rows = np.flatnonzero(member >= 0)
    shape = (num_classes, len(member))
    return csr_matrix((np.ones(len(rows)), (member[rows], rows)), shape) @ weights
