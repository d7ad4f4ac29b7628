"""Fingerprints as short texts: vectors of one byte a value."""

from __future__ import annotations

import base64

import numpy as np


def as_text(vector: np.ndarray) -> str:
    """Returns a vector of 0 to 255 as a text."""
    return base64.b85encode(np.clip(np.rint(vector), 0, 255).astype(np.uint8).tobytes()).decode()


def as_vectors(texts: list[str]) -> np.ndarray:
    """Returns uint8 (n, dim) of such texts, which all have the same length."""
    rows = [np.frombuffer(base64.b85decode(text), np.uint8) for text in texts]
    return np.stack(rows)


def centred(vectors: np.ndarray) -> np.ndarray:
    """Returns float32 (n, dim) without their means and of length 1: loudness and light do not
    count."""
    values = vectors.astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
