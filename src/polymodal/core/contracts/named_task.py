"""The task of a name, or of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.core.contracts.task import Task
from polymodal.core.lookup import find


def task_named(name: str) -> Task:
    """Returns the task of that name.

    Raises:
        RecipeError: there is none; the message lists the names and the nearest one.
    """
    return find("tasks", name)()


def task_of(config: str | Mapping[str, Any]) -> Task:
    """Returns the task of a recipe, of the kind that its settings make.

    Args:
        config: name of the task, or {"name": ..., setting: ...}.

    Raises:
        RecipeError: there is no task of that name, or no such kind of it.
    """
    if isinstance(config, str):
        return task_named(config)
    return task_named(str(config["name"])).suited(config)
