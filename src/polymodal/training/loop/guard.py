"""Explains a loss that is not a number: the step, its rows, and suspicious values."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.core.errors import TrainingError

_SHOWN = 10


def not_a_number(loader: Any, epoch: int, step: int, loss: float) -> TrainingError:
    """Returns the error for a loss that is not finite, naming the table rows of its batch.

    Args:
        loader: object with `epoch` and `rows_of`.
        epoch: int, from 0.
        step: int, from 0.
        loss: float, what came out.
    """
    rows = np.asarray(loader.rows_of(epoch, step))
    culprits = _suspicious(loader, epoch, step)
    if not culprits and step:  # some kernels lose a NaN on the way to the loss, not to the weights
        culprits = _suspicious(loader, epoch, step - 1)
    real = [str(int(row) + 1) for row in rows[rows >= 0]]
    named = ", ".join(real[:_SHOWN])
    more = ""
    if len(real) > _SHOWN:
        more = f" and {len(real) - _SHOWN} more"
    message = (
        f"Training needs a finite loss. Got {loss} in epoch {epoch + 1}, step {step + 1}, "
        f"whose rows of the train table are {named}{more}. "
    )
    if culprits:
        message += f"{culprits} Fix those cells, or run with --skip-bad."
    else:
        message += (
            "The values of these rows are finite, so training diverged: try "
            "a lower training.learning_rate, training.clip_norm: 1.0, or "
            "training.precision: float32."
        )
    return TrainingError(message)


def _suspicious(loader: Any, epoch: int, step: int) -> str:
    """Returns a sentence about rows whose inputs or targets are not finite, or nothing."""
    rows = np.asarray(loader.rows_of(epoch, step))
    inputs, targets, _ = next(iter(loader.epoch(epoch, step)))
    for name, array in {**inputs, "the target": targets}.items():
        array = np.asarray(array)
        if not np.issubdtype(array.dtype, np.floating) or len(array) != len(rows):
            continue  # items that several rows share are not looked through
        bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1) & (rows >= 0)
        if bad.any():
            shown = ", ".join(str(int(row) + 1) for row in rows[bad][:_SHOWN])
            return f"{name[0].upper()}{name[1:]} is not finite in row {shown}."
    return ""
