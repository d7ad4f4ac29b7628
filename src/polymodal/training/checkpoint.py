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
from polymodal.core import faults
from polymodal.core.errors import ResumeError, TrainingError
from polymodal.core.files import write_atomic, write_folder

FOLDER = "checkpoints"
LATEST = "LATEST"
STATE = "state.json"
ARRAYS = "arrays.safetensors"
VERSION = 2  # raised when going on from the same state would give other weights than before
_NAME = re.compile(r"checkpoint-(\d{6,})")
_DIGEST = re.compile(r"[0-9a-f]{64}")

# Every instant at which a test kills a run: in core/files.py, in this file, and in fit.
POINTS = (
    "file_written", "file_synced", "file_renamed",
    "folder_written", "folder_synced", "folder_renamed",
    "checkpoint_started", "checkpoint_arrays", "checkpoint_state", "checkpoint_written",
    "checkpoint_named", "checkpoint_removed",
    "run_started", "epoch_started", "step_started", "step_finished", "epoch_trained",
    "validation_started", "validation_step", "validation_finished",
    "best_before", "best_after", "epoch_finished", "history_written", "run_finished",
)


class Checkpoints:
    """The checkpoints of one run, of which the latest is kept.

    Args:
        folder: Path, the run's folder.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder) / FOLDER

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
            raise ResumeError(f"{marker} needs the name of a checkpoint beside it. Got {name!r}. "
                              "Restore the folder, or start anew with another --out.")
        return self.folder / name

    def state(self) -> dict[str, Any] | None:
        """Returns the JSON part of the latest checkpoint, or None before the first."""
        latest = self.latest()
        if latest is None:
            return None
        try:
            state = json.loads((latest / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ResumeError(f"{latest / STATE} is damaged: {error}. "
                              "Start anew with another --out.") from error
        if state.get("version") != VERSION:
            raise ResumeError(f"{latest / STATE} needs version {VERSION}. Got "
                              f"{state.get('version')!r}. Continue with the Polymodal that wrote "
                              "it, or start anew with another --out.")
        return state

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the arrays of the latest checkpoint."""
        latest = self.latest()
        return {} if latest is None else tensors.load(latest / ARRAYS)

    def save(self, state: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Writes a checkpoint, makes it the latest, and removes the others.

        Raises:
            TrainingError: it cannot be written; the one before stays whole and the latest.
        """
        faults.point("checkpoint_started")
        before = self.latest()
        number = 1 + (int(_NAME.fullmatch(before.name)[1]) if before else 0)
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

    def _remove_others(self, kept: Path) -> None:
        for path in self.folder.iterdir():
            if path.is_dir() and path != kept:
                shutil.rmtree(path, ignore_errors=True)
            elif path.is_file() and path.name.startswith("."):
                path.unlink(missing_ok=True)  # left by a process that was killed while writing


def status(folder: str | Path) -> str | None:
    """Returns "finished" or "started" for a run's folder, or None when no checkpoint is there."""
    state = Checkpoints(folder).state()
    return None if state is None else "finished" if state["finished"] else "started"


def check_same(saved: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    """Compares what a run was started with to what it is now given.

    Raises:
        ResumeError: they differ; each difference is listed.
    """
    old, new = _flat(saved), _flat(now)
    changed = [f"  {name}: {_difference(old.get(name), new.get(name))}"
               for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    if changed:
        rows = any(line.startswith("  given.rows:") for line in changed)
        raise ResumeError(
            f"The run in {folder} was started with something else, so it cannot go on to the same "
            "result:\n" + "\n".join(changed)
            + "\nThe table has changed, or its rows are held out otherwise: see --split." * rows
            + "\nChange it back, or choose another --out."
        )


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Returns nested mappings as one, keys joined by dots, values as JSON would give them back."""
    if not isinstance(value, Mapping):
        return {prefix: json.loads(json.dumps(value))}
    return {name: leaf for key, child in value.items()
            for name, leaf in _flat(child, f"{prefix}.{key}" if prefix else str(key)).items()}


def _difference(old: Any, new: Any) -> str:
    if all(isinstance(value, str) and _DIGEST.fullmatch(value) for value in (old, new)):
        return "the content is another"
    return f"was {_short(old)}, now {_short(new)}"


def _short(value: Any) -> str:
    text = "absent" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _cannot_save(folder: Path, before: Path | None, error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    reason = "the disk is full" if full else str(error.strerror or error)
    kept = f"The last one, {before.name}, is whole" if before else "There was none before"
    fix = "Free some space" if full else "Make the folder writable"
    return (f"A checkpoint could not be written to {folder}: {reason}. {kept}. "
            f"{fix} and run the same command again to go on.")
