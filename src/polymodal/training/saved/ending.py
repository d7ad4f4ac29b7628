"""Ending a run before its last epoch, with the learning rates planned for all of them.

An epoch counts as a whole or not at all, so that a recipe can say where the run ended
(`training.last_epoch`) and a run with that recipe gives the same bytes.
"""

from __future__ import annotations

import math
import shlex
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from polymodal.core.errors import Interrupted, RecipeError, ResumeError, TrainingError
from polymodal.core.printed.progress import say
from polymodal.training.saved.checkpoint import Checkpoints


class Ending:
    """Decides whether a run ends here.

    Args:
        minutes: float, time limit from now; None = no limit.
        now: bool, train no further: what the folder holds is ended at its last whole epoch.
        clock: function that returns seconds.

    Raises:
        RecipeError: no time above 0.
    """

    def __init__(
        self,
        minutes: float | None = None,
        now: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ):
        if minutes is not None and not minutes > 0:
            raise RecipeError(
                f"max_minutes needs a number above 0. Got {minutes}. Leave it out for no limit."
            )
        self.minutes, self.now, self._clock = minutes, now, clock
        self._deadline = math.inf if minutes is None else clock() + 60 * minutes
        self._reserved = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be trained."""
        return self.now or self.left <= 0

    @property
    def left(self) -> float:
        """Seconds that are left to train; infinite without a limit."""
        return max(0.0, self._deadline - self._reserved - self._clock())

    def reserve(self, seconds: float) -> None:
        """Keeps time for what follows the training: at most half of what is left, as it is only
        estimated.

        Args:
            seconds: float, expected time of scores and report; replaces what was kept before.
        """
        self._reserved = 0.0
        self._reserved = min(seconds, self.left / 2)

    def cut(self, seconds: float) -> float:
        """Returns how long a training of so many seconds may take at most."""
        return min(seconds, self.left)

    def reason(self) -> str:
        """Returns what ended the run, for its message."""
        if self.now:
            return "as asked for"
        return f"by --max-minutes {self.minutes:g}"


def with_ways_on(stop: Interrupted | KeyboardInterrupt, folder: Path) -> BaseException:
    """Returns what stopped a run with the command that makes a whole run of what is saved."""
    state = Checkpoints(folder).state()
    if state is not None and isinstance(stop, KeyboardInterrupt):  # before or after the training
        stop = Interrupted(
            f"Stopped by Ctrl-C. The training so far is saved in {folder}. Run the "
            "same command again to resume.",
            128 + signal.SIGINT,
        )
    if state is None or not state["epoch"] or isinstance(stop, KeyboardInterrupt):
        return stop
    what = "without the inputs that are not trained alone yet"
    if not state["finished"]:
        what = f"with the best of its {state['epoch']} epochs so far"
    words = ["polymodal", "finish", str(folder), *["--no-baselines"] * state["finished"]]
    return Interrupted(
        f"{stop}\nTo end the run here, {what}: {shlex.join(words)}", stop.exit_status
    )


def check_begun(num_epochs: int, folder: Path) -> None:
    """Raises TrainingError where a run that is to be ended has no whole epoch."""
    if not num_epochs:
        raise TrainingError(
            f"finish needs a run with at least one whole epoch. {folder} has none. "
            "Run its train command again to resume."
        )


def check_reachable(last_epoch: int | None, saved: Mapping[str, Any], folder: Path) -> None:
    """Raises ResumeError where a run cannot end at an epoch any more.

    Args:
        last_epoch: int, where it is to end; None = wherever it does.
        saved: the state of its checkpoint.
        folder: Path of the run.
    """
    trained, cut = saved["epoch"], saved["last_epoch"]
    if last_epoch is not None and last_epoch < trained:
        raise ResumeError(
            f"The run in {folder} needs a last epoch of {trained} or more, as it has trained so "
            f"many. Got {last_epoch}. End it where it is with polymodal finish {folder}, or choose "
            "another --out."
        )
    if last_epoch is not None and cut is not None and last_epoch > cut:
        raise ResumeError(
            f"The run in {folder} was ended at epoch {cut} and is finished, so it "
            f"cannot continue to epoch {last_epoch}. Choose another --out."
        )


def on_old_plan(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Returns recipe settings in which fewer epochs than a run was begun with end it earlier.

    All else that is inferred, and the learning rate of each step, follow from the epochs that were
    planned, so those stay.
    """
    given, training = dict(given), dict(given.get("training") or {})
    saved, wanted = Checkpoints(folder).state(), training.get("epochs")
    identity = {}
    if saved:
        identity = saved["identity"]
    planned = identity.get("training", {}).get("epochs")
    if not isinstance(wanted, int) or not planned or wanted >= planned:
        return given
    say(
        f"The run in {folder} was planned for {planned} epochs. It ends at epoch {wanted}, with "
        f"the learning rates of that plan (training.last_epoch: {wanted})."
    )
    last = min(wanted, training.get("last_epoch") or wanted)
    given["training"] = training | {"epochs": planned, "last_epoch": last}
    return given


def training_of(folder: Path) -> dict[str, Any]:
    """Returns how the training of a run ended, as JSON values."""
    checkpoints = Checkpoints(folder)
    state = checkpoints.state() or {"epoch": 0, "identity": {}, "last_epoch": None}
    return {
        "epochs": state["epoch"],
        "planned_epochs": state["identity"].get("training", {}).get("epochs"),
        "last_epoch": state["last_epoch"],
        "checkpoints": not checkpoints.settled,
    }
