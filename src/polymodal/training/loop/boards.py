"""Optional views of a run: TensorBoard event files, and MLflow where it is configured."""

from __future__ import annotations

import importlib
import importlib.util
import os
import time
from pathlib import Path
from typing import Any

FOLDER = "tensorboard"


class Boards:
    """Sends each epoch's numbers to TensorBoard and MLflow, where they are installed.

    TensorBoard files are written when the package is there; MLflow is used when the environment
    variable MLFLOW_TRACKING_URI is set. Nothing is imported before the first epoch ends.

    Args:
        folder: Path, the run's folder; event files go to its `tensorboard/`.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._file: Any = None
        self._mlflow: Any = None
        self._opened = False

    def write(self, entry: dict[str, Any]) -> None:
        """Writes the numbers of one epoch."""
        if not self._opened:
            self._open()
        numbers = {
            name: float(v) for name, v in entry.items() if name not in ("epoch", "objectives")
        }
        numbers |= {f"objectives/{name}": v for name, v in entry.get("objectives", {}).items()}
        if self._file is not None:
            _append(self._file, entry["epoch"], numbers)
        if self._mlflow is not None:
            self._mlflow.log_metrics(numbers, step=entry["epoch"])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        if self._mlflow is not None:
            self._mlflow.end_run()

    def _open(self) -> None:
        self._opened = True
        if importlib.util.find_spec("tensorboard"):
            folder = self.folder / FOLDER
            folder.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{time.time_ns()}.{os.getpid()}"
            self._file = open(folder / name, "wb")  # noqa: SIM115  open for the whole run
        if os.environ.get("MLFLOW_TRACKING_URI") and importlib.util.find_spec("mlflow"):
            mlflow = self._mlflow = importlib.import_module("mlflow")
            mlflow.set_experiment(self.folder.resolve().parent.name or "polymodal")
            mlflow.start_run(run_name=self.folder.resolve().name)


def _append(file: Any, epoch: int, numbers: dict[str, float]) -> None:
    """Writes one event. TensorBoard's own file writer would import TensorFlow for this."""
    proto = "tensorboard.compat.proto"
    Event = importlib.import_module(f"{proto}.event_pb2").Event
    Summary = importlib.import_module(f"{proto}.summary_pb2").Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    values = [Summary.Value(tag=name, simple_value=value) for name, value in numbers.items()]
    event = Event(wall_time=time.time(), step=epoch, summary=Summary(value=values))
    RecordWriter(file).write(event.SerializeToString())
    file.flush()
