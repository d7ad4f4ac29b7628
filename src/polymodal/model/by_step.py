"""Texts per step through an encoder without what fills them up."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

__all__ = ["by_step", "can_read_by_step"]

_CHUNK = 32  # texts that an encoder takes at once
_PIECES = 8  # numbers of ids in a text are rounded up to a multiple: engines compile for each


def can_read_by_step(encoder: Any, inputs: np.ndarray) -> bool:
    """Returns whether inputs are ids of a text per step, each of which the encoder reads alone."""
    return (
        encoder.reads_steps_alone and inputs.ndim == 3 and np.issubdtype(inputs.dtype, np.integer)
    )


def by_step(encoder: Any, inputs: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Returns the tokens of texts per step: only real steps are encoded, those of about as many
    pieces together, without the zeros that fill them up.

    Args:
        encoder: Encoder that reads steps alone.
        inputs: int32 (items, steps, pieces).
        mask: bool (items, steps).
    """
    steps = inputs[mask]  # (texts, pieces)
    pieces = np.maximum((steps != 0).sum(axis=1), 1)
    order = np.argsort(pieces, kind="stable")
    found = []
    for start in range(0, len(order), _CHUNK):
        places = order[start : start + _CHUNK]
        most = -(-int(pieces[places].max()) // _PIECES) * _PIECES
        part = steps[places, :most][:, None]  # each text a row of one step
        tokens, _ = encoder(part, np.ones(part.shape[:2], bool), training=False)
        tokens = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(tokens, "float32")))
        found.append(tokens[:, 0])
    every = np.concatenate(found)
    whole = np.zeros((*mask.shape, every.shape[1]), np.float32)
    whole[mask] = every[np.argsort(order)]
    return whole
