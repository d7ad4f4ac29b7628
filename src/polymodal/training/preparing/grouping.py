"""Which column's equal values stay on one side of a split, and are resampled together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from polymodal.core.contracts.named_task import task_of
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.progress import say
from polymodal.profile.column_rules import is_called_who
from polymodal.profile.profile import Profile
from polymodal.recipe.guessed.task import infer_task
from polymodal.splits.repeats import repeated_media
from polymodal.splits.together import kept_too, together


def group_of(
    known: Mapping[str, Profile],
    given: Mapping[str, Any],
    ignore: Iterable[str],
    method: str | None,
    group: str | None,
) -> str | None:
    """Returns the column whose equal values should stay on one side of the split.

    That is `group`, else the recipe's. Else, if neither options nor the table define a split, it is
    the column of the speaker or recording, for tasks that keep them together, or that of media that
    several rows share and for which a text is generated.

    Raises:
        RecipeError: the table has no column `group`.
    """
    train = known["train"]
    names = train.table.column_names
    if group and group not in names:
        raise RecipeError(f"--split-group: {unknown('column', group, names)}")
    group = group or given.get("group")
    if group or method or "val" in known or train.split_column(str(given.get("target"))):
        return group
    if keeps_together(given):
        found, told = together(train, {given.get("target"), *ignore})
        if told:
            say(told)
        return found
    return alike_rows(train, given, ignore, None)


def kept_as_well(
    known: Mapping[str, Profile],
    given: Mapping[str, Any],
    ignore: Iterable[str],
    options: tuple[str | None, str | None],
    group: str | None,
) -> list[str]:
    """Returns the other columns of speakers or recordings that stay on one side of a split by
    `group`, where no option names what does, and prints so.

    Args:
        options: the method and column that the user chose for the split, or None.
        group: as `group_of` returned it.
    """
    if any(options) or "val" in known or group is None or not keeps_together(given):
        return []
    found, told = kept_too(known["train"], group, {given.get("target"), *ignore})
    if told and (found or given.get("group") or is_called_who(group)):
        say(told)
    return found


def alike_rows(
    facts: Profile, given: Mapping[str, Any], ignore: Iterable[str], group: str | None
) -> str | None:
    """Returns the column whose values intervals resample: `group`, else that of the speaker or
    recording, for tasks that keep them together, or that of media that several rows share and for
    which a text is generated."""
    target = given.get("target")
    task = given.get("task")
    name = task.get("name") if isinstance(task, Mapping) else task
    if group or not (name or target in facts.table.column_names):
        return group
    asked = task_of(name or infer_task(facts, str(target)).task)
    if asked.keeps_together:
        return together(facts, {target, *ignore})[0]
    if not asked.reads_media:
        return None
    return repeated_media(facts, {target, *ignore})


def keeps_together(given: Mapping[str, Any]) -> bool:
    """Returns whether the task that a recipe names keeps rows of one speaker together."""
    task = given.get("task")
    name = task.get("name") if isinstance(task, Mapping) else task
    return bool(name) and task_of(str(name)).keeps_together
