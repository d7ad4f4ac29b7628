"""The Keras callback of a run: checkpoints within an epoch, signals, losses, progress."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from polymodal.bundle import weights
from polymodal.core import faults
from polymodal.core.seeds import generator
from polymodal.training.loop.guard import not_a_number


class Watch(keras.callbacks.Callback):
    """Supervises one `fit` call, which runs an epoch from some step to its end.

    All that reads or changes variables happens before a step, on the main thread. After a step
    only the loss is looked at, on JAX from other threads, so that it may run ahead.

    Args:
        state: State.
        loader: the train loader.
        save: called to write a checkpoint.
        is_due: called before each step but the first; whether one is to be written there.
        interrupt: called before each step; it may raise to stop the run.
        advance: called with 1 after each step, for the progress bar.
        settings: Training.
    """

    def __init__(
        self,
        state: Any,
        loader: Any,
        save: Callable[[], None],
        is_due: Callable[[], bool],
        interrupt: Callable[[Callable[[], None]], None],
        advance: Callable[[int], None],
        settings: Any,
    ):
        super().__init__()
        self.state, self.loader, self.settings = state, loader, settings
        self.save, self.is_due = save, is_due
        self.interrupt, self.advance = interrupt, advance
        self.metrics: dict[str, np.ndarray] = {}  # to restore, inside an epoch
        self.async_safe = keras.backend.backend() == "jax"  # the others wait for a step anyway
        self._looked = threading.Condition()
        self._num_looked = 0
        self._bad: tuple[int, float] | None = None  # the first step whose loss is not finite
        self._first = state.step
        self._start = time.monotonic()
        self._before = state.seconds

    def on_epoch_begin(self, epoch, logs=None):
        faults.point("epoch_started")
        if self.metrics:  # `fit` has just reset them
            weights.assign(self.state.metrics, self.metrics)

    def on_train_batch_begin(self, batch, logs=None):
        faults.point("step_started")
        self._raise_if_bad(batch)
        self.state.step = self._first + batch
        self.interrupt(self._save_now)
        if batch and self.is_due():
            self._save_now()
        _seed_engine(self.settings.seed, self.state.epoch, self.state.step)

    def on_train_batch_end(self, batch, logs=None):
        with self._looked:
            self._num_looked += 1
            loss = (logs or {})["loss"]
            if not math.isfinite(loss) and (self._bad is None or batch < self._bad[0]):
                self._bad = batch, loss
            self._looked.notify_all()
        faults.point("step_finished")
        self.advance(1)

    def on_epoch_end(self, epoch, logs=None):
        self._raise_if_bad(self._num_looked)

    def _raise_if_bad(self, num_steps: int) -> None:
        """Raises for the first bad step, which may be checked after a later one."""
        if self._bad is None:
            return
        with self._looked:
            self._looked.wait_for(lambda: self._num_looked >= num_steps, timeout=60)
        batch, loss = self._bad
        raise not_a_number(self.loader, self.state.epoch, self._first + batch, loss)

    def seconds(self) -> float:
        """Returns the seconds spent in this epoch, before a resume included."""
        return self._before + time.monotonic() - self._start

    def _save_now(self) -> None:
        arrays = self.state.metrics
        if keras.backend.backend() == "jax" and self.model is not None:
            self.model.jax_state_sync()
        if not all(np.isfinite(a).all() for a in weights.values(arrays).values()):
            return  # the step that went wrong is about to be reported
        self.state.seconds = self.seconds()
        self.save()


def _seed_engine(seed: int, epoch: int, step: int) -> None:
    """Seeds the engine's own random numbers by the position in the run alone.

    On PyTorch Keras leaves dropout without a seed to the engine, whose state is not a variable.
    """
    if keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(int(generator(seed, epoch, step).integers(2**63)))
