"""Checkpoints: everything that the rest of a run depends on, whole or absent.

One is written to a temporary folder, synced, renamed, and only then named by `LATEST`; older ones
are removed after that. So at any instant `LATEST` names a whole checkpoint, or there is none yet.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle import weights as tensors
from polymodal.bundle.write import WEIGHTS
from polymodal.core import faults
from polymodal.core.disk.files import sha256, write_atomic, write_folder
from polymodal.core.errors import ResumeError, TrainingError

FOLDER = "checkpoints"
LATEST = "LATEST"
STATE = "state.json"
ARRAYS = "arrays.safetensors"
FINISHED = "finished.json"  # all that is left of a checkpoint when its run is finished
VERSION = 3  # raised when a state has other parts, or resuming would give other weights
_NAME = re.compile(r"checkpoint-(\d{6,})")

# Every instant at which a test kills a run: in core/disk/files.py, in this file, and in fit.
POINTS = (
    "file_written",
    "file_synced",
    "file_renamed",
    "folder_written",
    "folder_synced",
    "folder_renamed",
    "checkpoint_started",
    "checkpoint_arrays",
    "checkpoint_state",
    "checkpoint_written",
    "checkpoint_named",
    "checkpoint_removed",
    "run_started",
    "epoch_started",
    "step_started",
    "step_finished",
    "epoch_trained",
    "validation_started",
    "validation_step",
    "validation_finished",
    "best_before",
    "best_after",
    "epoch_finished",
    "history_written",
    "run_finished",
)


class Checkpoints:
    """The checkpoints of one run, of which the latest is kept.

    Args:
        folder: Path, the run's folder.
    """

    def __init__(self, folder: str | Path):
        self.bundle, self.folder = Path(folder), Path(folder) / FOLDER

    def latest(self) -> Path | None:
        """Returns the folder of the latest whole checkpoint, or None before the first.

        Raises:
            ResumeError: `LATEST` names something that is not there.
        """
        marker = self.folder / LATEST
        if not marker.exists():
            return None
        name = marker.read_text(encoding="utf-8").strip()
        if not _NAME.fullmatch(name) or not (self.folder / name / STATE).is_file():
            raise ResumeError(
                f"{marker} needs the name of a checkpoint next to it. Got {name!r}. "
                "Restore the folder, or start anew with another --out."
            )
        return self.folder / name

    def state(self) -> dict[str, Any] | None:
        """Returns the JSON part of the latest checkpoint, or None before the first."""
        if self.settled:
            return _read_state(self.folder / FINISHED)
        latest = self.latest()
        if latest is None:
            return None
        return _read_state(latest / STATE)

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the arrays of the latest checkpoint."""
        latest = self.latest()
        if latest is None:
            return {}
        return tensors.load(latest / ARRAYS)

    @property
    def settled(self) -> bool:
        """Whether the run is finished and its checkpoints are removed."""
        return (self.folder / FINISHED).is_file()

    def settle(self) -> None:
        """Removes the checkpoints of a finished run. Its options and history stay, so that the same
        command finds it finished; its weights are those of the bundle."""
        state = self.state()
        if state is None or not state["finished"]:
            return
        if not self.settled:
            state["weights"] = sha256(self._own_weights())
            write_atomic(self.folder / FINISHED, json.dumps(state))
            faults.point("checkpoint_settled")
        (self.folder / LATEST).unlink(missing_ok=True)
        self._remove_others(None)

    def kept_weights(self) -> dict[str, np.ndarray]:
        """Returns the weights that a finished run kept.

        Raises:
            ResumeError: those of the bundle were changed since.
        """
        if not self.settled:
            return {
                name.partition("/")[2]: array
                for name, array in self.arrays().items()
                if name.startswith("best/")
            }
        path, state = self._own_weights(), self.state() or {}
        if not path.is_file() or sha256(path) != state.get("weights"):
            raise ResumeError(
                f"{path} needs to be what the finished run wrote. It is missing or "
                "changed. Copy it back, or start anew with another --out."
            )
        return tensors.load(path)

    def set_aside(self) -> None:
        """Keeps the weights of this run, since another model's replace them in the bundle."""
        write_atomic(self.folder / WEIGHTS, (self.bundle / WEIGHTS).read_bytes())

    def take_back(self) -> None:
        """Records that the weights of this run are those of the bundle."""
        (self.folder / WEIGHTS).unlink(missing_ok=True)

    def _own_weights(self) -> Path:
        aside = self.folder / WEIGHTS
        if aside.is_file():
            return aside
        return self.bundle / WEIGHTS

    def save(self, state: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Writes a checkpoint, makes it the latest, and removes the others.

        Raises:
            TrainingError: it cannot be written; the one before stays whole and the latest.
        """
        faults.point("checkpoint_started")
        before = self.latest()
        number = 1 + (int(before.name.removeprefix("checkpoint-")) if before else 0)
        path = self.folder / f"checkpoint-{number:06d}"

        def fill(folder: Path) -> None:
            (folder / ARRAYS).write_bytes(tensors.encode(arrays))  # `write_folder` syncs them
            faults.point("checkpoint_arrays")
            (folder / STATE).write_text(json.dumps({"version": VERSION, **state}), "utf-8")
            faults.point("checkpoint_state")

        try:
            write_folder(path, fill)
            faults.point("checkpoint_written")
            write_atomic(self.folder / LATEST, path.name + "\n")
        except OSError as error:
            if before is None or before.name != path.name:
                shutil.rmtree(path, ignore_errors=True)
            raise TrainingError(_cannot_save(self.folder, before, error)) from error
        faults.point("checkpoint_named")
        self._remove_others(path)
        faults.point("checkpoint_removed")

    def _remove_others(self, kept: Path | None) -> None:
        for path in self.folder.iterdir():
            if path.is_dir() and path != kept:
                shutil.rmtree(path, ignore_errors=True)
            elif path.is_file() and path.name.startswith("."):
                path.unlink(missing_ok=True)  # left by a process that was killed while writing


def status(folder: str | Path) -> str | None:
    """Returns "finished" or "started" for a run's folder, or None when no checkpoint is there."""
    state = Checkpoints(folder).state()
    if state is None:
        return None
    if state["finished"]:
        return "finished"
    return "started"


def settle(folder: Path) -> None:
    """Removes the checkpoints of a finished run, of its inputs trained alone and of the first model
    that gave pseudo-labels."""
    for place in (folder, *sorted(folder.glob("baselines/*")), folder / "first"):
        Checkpoints(place).settle()


def _read_state(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResumeError(f"{path} is damaged: {error}. Start anew with another --out.") from error
    if state.get("version") != VERSION:
        raise ResumeError(
            f"{path} needs version {VERSION}. Got {state.get('version')!r}. Continue "
            "with the Polymodal that wrote it, or start anew with another --out."
        )
    return state


def _cannot_save(folder: Path, before: Path | None, error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    reason = "the disk is full" if full else str(error.strerror or error)
    kept = "There was none before"
    if before:
        kept = f"The last one, {before.name}, is whole"
    fix = "Make the folder writable"
    if full:
        fix = "Free some space"
    return (
        f"A checkpoint could not be written to {folder}: {reason}. {kept}. "
        f"{fix} and run the same command again to resume."
    )
