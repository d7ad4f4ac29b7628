"""The journal of a search: which candidates are tried, shared by all processes that search."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from polymodal.core.disk.lock import locked
from polymodal.core.errors import LockedError, MissingDependencyError

__all__ = ["Journal"]

_NAME = "tune"
_PATIENCE_SECONDS = 30.0
_RANDOM_FIRST = 6  # candidates before the sampler follows what was found


class Journal:
    """An Optuna study in one file, `journal.log`.

    Args:
        folder: Path.
        higher: bool, whether a larger score is better.
        first: choices that are tried first, in order.

    Raises:
        MissingDependencyError: Optuna is not installed.
    """

    def __init__(self, folder: Path, higher: bool, first: Sequence[Mapping[str, Any]]):
        optuna = _optuna()
        self._states, self.folder = optuna.trial.TrialState, folder
        backend = optuna.storages.journal.JournalFileBackend(str(folder / "journal.log"))
        storage = optuna.storages.JournalStorage(backend)
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=_RANDOM_FIRST, multivariate=True, seed=os.getpid()
        )
        with _alone(folder / "starting"):
            self.study = optuna.create_study(
                storage=storage,
                study_name=_NAME,
                load_if_exists=True,
                sampler=sampler,
                direction="maximize" if higher else "minimize",
            )
            if not self.study.get_trials(deepcopy=False):
                for choices in first:
                    self.study.enqueue_trial(dict(choices))
            self._free_stopped()

    def ask(self) -> Any:
        """Returns the next Optuna trial."""
        return self.study.ask()

    def place(self, number: int) -> Path:
        """Returns the folder of a candidate."""
        return self.folder / "trials" / f"{number:03d}"

    def finish(self, trial: Any, score: float) -> None:
        """Notes the score of a candidate."""
        self.study.tell(trial, score)

    def stop(self, trial: Any, why: str, failed: bool = False) -> None:
        """Notes that a candidate was not finished, and why."""
        trial.set_user_attr("why", why)
        self.study.tell(trial, state=self._states.FAIL if failed else self._states.PRUNED)

    def again(self, trial: Any, choices: Mapping[str, Any]) -> None:
        """Puts a candidate that was interrupted back into the queue."""
        self.stop(trial, "interrupted", failed=True)
        self.study.enqueue_trial(dict(choices))

    def candidates(self) -> list[Any]:
        """Returns Optuna's record of each candidate that was begun, by number."""
        waiting = self._states.WAITING
        return [one for one in self.study.get_trials(deepcopy=False) if one.state != waiting]

    def num_finished(self) -> int:
        """Returns how many candidates are finished or were stopped."""
        return sum(one.state.is_finished() for one in self.study.get_trials(deepcopy=False))

    def others_run(self) -> bool:
        """Returns whether another process is still training a candidate."""
        return any(
            one.state == self._states.RUNNING and _is_held(self.place(one.number))
            for one in self.study.get_trials(deepcopy=False)
        )

    def _free_stopped(self) -> None:
        """Queues what a killed process was training once more."""
        for one in self.study.get_trials(deepcopy=False):
            if one.state == self._states.RUNNING and not _is_held(self.place(one.number)):
                self.study.tell(one.number, state=self._states.FAIL)
                self.study.enqueue_trial(dict(one.params))


def _is_held(folder: Path) -> bool:
    try:
        with locked(folder):
            return False
    except LockedError:
        return True


class _alone:
    """Holds a folder; waits for whoever holds it."""

    def __init__(self, folder: Path):
        self._folder, self._lock = folder, None

    def __enter__(self) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            lock = locked(self._folder)
            try:
                lock.__enter__()
            except LockedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
                continue
            self._lock = lock
            return

    def __exit__(self, *error: Any) -> None:
        if self._lock is not None:
            self._lock.__exit__(*error)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise MissingDependencyError(
            "tune needs Optuna. It is not installed. Install it with: "
            "pip install 'polymodal[tune]'."
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna
