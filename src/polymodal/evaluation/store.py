"""Predictions in one file, so that a report can be written again without the model."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.contracts.named_task import task_of
from polymodal.core.contracts.task import Predictions
from polymodal.core.disk.files import write_atomic
from polymodal.core.errors import BundleError

__all__ = ["read_predictions", "write_predictions"]

_ARRAYS = ("rows", "outputs", "targets", "scored", "present", "groups", "steps", "chosen")
_TEXTS = ("outputs", "targets")  # of tasks whose answer is a text
_PLAIN = ("labels", "modalities", "dropped", "num_rows", "group_column")


def write_predictions(path: str | Path, predictions: Predictions) -> None:
    """Writes predictions as `.npz`: plain arrays and one JSON text, nothing that can execute."""
    about = {name: getattr(predictions, name) for name in _PLAIN}
    about["task"] = {"name": predictions.task.name, **predictions.task.kind}
    about["errors"] = {str(row): message for row, message in predictions.errors.items()}
    arrays = {
        name: getattr(predictions, name)
        for name in _ARRAYS
        if getattr(predictions, name) is not None
    }
    for name in _TEXTS if predictions.is_text else ():  # as objects they would be pickles
        about[name] = arrays.pop(name).tolist() if name in arrays else None
    if predictions.words is not None:
        about["words"] = predictions.words.tolist()
    buffer = io.BytesIO()
    np.savez_compressed(buffer, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
    write_atomic(path, buffer.getvalue())


def read_predictions(path: str | Path) -> Predictions:
    """Reads what `write_predictions` wrote.

    Raises:
        BundleError: the file is damaged or is something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            about: dict[str, Any] = json.loads(file["about"].tobytes())
            arrays: dict[str, Any] = {
                name: file[name] if name in file.files else None for name in _ARRAYS
            }
        for name in _TEXTS:
            if name in about:
                arrays[name] = _objects(about.pop(name))
        arrays["words"] = _objects(about.pop("words", None))
        about["task"] = task_of(about["task"])
        about["errors"] = {int(row): message for row, message in about["errors"].items()}
        return Predictions(**about, **arrays)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise BundleError(
            f"{Path(path).name} needs predictions written by polymodal. Got a file that cannot be "
            f"read ({type(error).__name__}). Evaluate the run again."
        ) from error


def _objects(values: list | None) -> np.ndarray | None:
    if values is None:
        return None
    found = np.empty(len(values), object)
    for place, value in enumerate(values):
        found[place] = value
    return found
