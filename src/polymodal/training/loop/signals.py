"""SIGTERM and Ctrl-C in training: finish the step, write a checkpoint, say how to continue."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from pathlib import Path

from polymodal.core.errors import Interrupted

_TIME_IS_UP = 124  # the exit status of timeout(1)


def stopped_by(name: str, folder: Path, epoch: int) -> Interrupted:
    """Returns what a signal that was sent raises, with a checkpoint written.

    Args:
        name: str, "SIGTERM" or "SIGINT".
        folder: Path of the checkpoints.
        epoch: int, the epoch in progress, from 0.
    """
    return Interrupted(
        f"Stopped by {name} in epoch {epoch + 1}, with a checkpoint in {folder}. "
        "Run the same command again to resume.",
        exit_status=128 + signal.Signals[name].value,
    )


def out_of_time(folder: Path, step: int, steps: int) -> Interrupted:
    """Returns what is raised where the time limit comes before the first epoch is whole."""
    return Interrupted(
        f"The time limit came in the first epoch, at step {step} of {steps}, so "
        "there is no whole epoch to keep. A checkpoint is in "
        f"{folder}. Run the same command again to resume for as long again, or "
        "with a larger --max-minutes.",
        exit_status=_TIME_IS_UP,
    )


class StopRequest:
    """Whether the process was asked to stop. The handler sets a flag and does nothing else."""

    def __init__(self):
        self.signal: str | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    def receive(self, number: int, _frame: object) -> None:
        """Notes the signal; a second Ctrl-C gets Python's own handling."""
        self.signal = signal.Signals(number).name
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def listening():
    """Gives a StopRequest that SIGTERM and Ctrl-C set, and puts the old handlers back after."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # Python takes signals in the main thread only
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    previous = {number: signal.signal(number, request.receive) for number in numbers}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
