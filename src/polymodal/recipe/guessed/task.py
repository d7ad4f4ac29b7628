"""From the target column to the task, with the reason: tasks say whether they fit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import names
from polymodal.profile.profile import Profile
from polymodal.profile.target_form import target_form
from polymodal.tables.reading.reading import Reading
from polymodal.tables.table import Table

__all__ = ["TaskGuess", "infer_task", "with_inputs"]

_CHANGE = "change it with --task"


@dataclass(frozen=True)
class TaskGuess:
    """A task, and one sentence that says why and how to change it.

    Args:
        task: str, name of the task.
        reason: str.
    """

    task: str
    reason: str


def infer_task(table: Table | Profile, target: str, reading: Reading | None = None) -> TaskGuess:
    """Returns the task that fits the values of the column `target`.

    Args:
        table: Table or Profile.
        target: str, the column.
        reading: Reading, how its cells are read, where somebody says so; a profile knows it.

    Raises:
        DataError: the column is empty, constant, or of a type that is no target, or it could be
            read in several ways.
        RecipeError: there is no such column, or no task for it.

    Example:

    >>> from polymodal.tables.table import read
    >>> infer_task(read({"price": [1.5, 2.25, 3.0]}), "price").task
    'regression'
    """
    form = target_form(table, target, reading)
    for name in names("tasks"):
        if task_named(name).form == form.kind:
            return TaskGuess(name, f"The task is {name} because {form.because}; {_CHANGE}.")
    raise RecipeError(f'No task fits "{target}", because {form.because}. Name one with --task.')


def with_inputs(task: str, modalities: Collection[str], several: bool) -> tuple[str, str]:
    """Returns the task that fits the inputs too, and the reason; none where it stays as it is.

    Args:
        task: str, guessed from the target alone.
        modalities: of the inputs.
        several: bool, whether a row has several right texts.
    """
    form = task_named(task).form
    for name in names("tasks"):
        reason = task_named(name).fits_inputs(form, modalities, several)
        if reason:
            return name, reason
    return task, ""
