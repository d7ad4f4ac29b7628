"""The trainings of a learning curve, kept on disk so that a stopped command goes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polymodal.questions.needs.plan import Step
from polymodal.questions.needs.score import Scored, read_scored
from polymodal.questions.question import keep_question

__all__ = ["Kept"]


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
        keep_question(folder / "needs.json", question, "--runs")

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
