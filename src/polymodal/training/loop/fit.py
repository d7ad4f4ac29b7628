"""Trains a model so that a run killed at any instant resumes to the same weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras

from polymodal.evaluation.row_errors import RowErrors
from polymodal.training.loop.session import Session
from polymodal.training.loop.validate import Score
from polymodal.training.saved.ending import Ending
from polymodal.training.saved.environment import environment, order_of
from polymodal.training.steps.settings import Training


def begin(
    model: Any,
    task: Any,
    train: Any,
    val: Any | None,
    settings: Training,
    folder: str | Path,
    *,
    score: Score | None = None,
    row_errors: Callable[[], RowErrors | None] | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    fingerprint: Mapping[str, Any] | None = None,
    jit: bool | None = None,
    ending: Ending | None = None,
    asked: Mapping[str, Any] | None = None,
    scales: Mapping[str, float] | None = None,
) -> Session:
    """Returns the training of a model, ready to start or to resume a stopped run by `complete`.

    Args:
        model: keras.Model; it is built here if it is not.
        task: object with `loss()` (a keras loss with reduction "sum") and `monitor`, the name and
            direction ("max" or "min") of the score that decides which epoch is best.
        train: loader of the train table: `epoch(epoch, start_step)`, `steps(epoch)`,
            `rows_of(epoch, step)`.
        val: loader of the validation table, in order, or None.
        settings: Training with `epochs` and `learning_rate`.
        folder: the run's folder; `checkpoints/` and `history.jsonl` are written there.
        score: function from a list of `validate.Output` to named scores; without it the
            validation loss decides.
        row_errors: gives the errors of the rows that `score` saw last, to compare epochs; None =
            their losses.
        on_epoch: called with each epoch's entry of the history.
        fingerprint: JSON mapping of all that the result depends on besides the settings.
        jit: whether the step is compiled, as `measure.decide` found best; None = on JAX only.
        ending: what may end the run before its last epoch; None = nothing.
        asked: JSON mapping of the user's `given` and `options`, kept in checkpoints to end the run
            later, and to report differences.
        scales: factors of the learning rate, {name of weights, or the beginning of it: factor}.

    Raises:
        ResumeError: the folder holds a run that was started with something else.
    """
    if jit is None:
        jit = bool(keras.backend.backend() == "jax")
    session = Session(model, task, train, val, settings, Path(folder), score, on_epoch, jit)
    session.ending, session.asked = ending or Ending(), dict(asked or {})
    session.row_errors = row_errors
    session.state.optimizer.scale_groups(session.state.variables, scales or {})
    session.resume(
        {
            "given": dict(fingerprint or {}),
            "training": settings.fingerprint(),
            "with": environment(model, jit),
            **order_of(train),
        }
    )
    return session
