"""SIGTERM and Ctrl-C while training: finish the step, write a checkpoint, say how to go on."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager

from polymodal.core.errors import PolymodalError


class Interrupted(PolymodalError):
    """A run that was asked to stop, and stopped with everything saved."""


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
