"""From logits to probabilities in numpy, as predictions are made."""

from __future__ import annotations

from typing import Any

import numpy as np


def softmax(logits: Any) -> np.ndarray:
    """Returns float32 probabilities over the last axis for logits of any shape.

    Example:

    >>> softmax([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    logits = np.asarray(logits, dtype=np.float64)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the logarithms of the probabilities that logits stand for, over the last axis.

    Example:

    >>> log_softmax(np.zeros(2)).round(3).tolist()
    [-0.693, -0.693]
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
