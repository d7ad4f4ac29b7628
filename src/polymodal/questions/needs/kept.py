"""The trainings of a learning curve, kept on disk so that a stopped command goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polymodal.core.disk.files import write_json
from polymodal.core.errors import ResumeError
from polymodal.questions.needs.plan import Step
from polymodal.questions.needs.score import Scored, read_scored

__all__ = ["Kept"]

_FILE = "needs.json"


class Kept:
    """Scored trainings in a folder, of one question.

    Args:
        folder: Path; it is made here.
        question: JSON mapping of all that the scores depend on.

    Raises:
        ResumeError: the folder holds those of another question; the message names the difference.
    """

    def __init__(self, folder: Path, question: Mapping[str, Any]):
        self.folder = folder
        path = folder / _FILE
        question = json.loads(json.dumps(question, default=str))
        if path.exists():
            before = json.loads(path.read_text(encoding="utf-8"))
            changed = [name for name in question if before.get(name) != question[name]]
            if changed:
                raise ResumeError(f"{folder} needs the question that it was begun with. Got "
                                  f"another {', '.join(changed)}. Choose another --runs, or remove "
                                  "the folder.")
        else:
            folder.mkdir(parents=True, exist_ok=True)
            write_json(path, question)

    def get(self, step: Step) -> Scored | None:
        """Returns a training's scores; None where it is still to be done."""
        return read_scored(self._path(step))

    def put(self, step: Step, found: Scored) -> Scored:
        """Keeps a training's scores, and returns them."""
        found.write(self._path(step))
        return found

    def place(self, step: Step) -> Path:
        """Returns the folder in which a training runs."""
        return self.folder / step.name

    def _path(self, step: Step) -> Path:
        return self.folder / f"{step.name}.npz"
