"""Optional views of a run: TensorBoard event files, and MLflow where it is configured."""

from __future__ import annotations

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
        self._writer: Any = None
        self._mlflow: Any = None
        self._opened = False

    def write(self, entry: dict[str, Any]) -> None:
        """Writes the numbers of one epoch."""
        if not self._opened:
            self._open()
        numbers = {name: float(v) for name, v in entry.items() if name != "epoch"}
        if self._writer is not None:
            self._writer.add_event(_event(entry["epoch"], numbers))
            self._writer.flush()
        if self._mlflow is not None:
            self._mlflow.log_metrics(numbers, step=entry["epoch"])

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._mlflow is not None:
            self._mlflow.end_run()

    def _open(self) -> None:
        self._opened = True
        if importlib.util.find_spec("tensorboard"):
            from tensorboard.summary.writer.event_file_writer import EventFileWriter

            self._writer = EventFileWriter(str(self.folder / FOLDER))
        if os.environ.get("MLFLOW_TRACKING_URI") and importlib.util.find_spec("mlflow"):
            import mlflow

            self._mlflow = mlflow
            mlflow.set_experiment(self.folder.resolve().parent.name or "polymodal")
            mlflow.start_run(run_name=self.folder.resolve().name)


def _event(epoch: int, numbers: dict[str, float]) -> Any:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    values = [Summary.Value(tag=name, simple_value=value) for name, value in numbers.items()]
    return Event(wall_time=time.time(), step=epoch, summary=Summary(value=values))

