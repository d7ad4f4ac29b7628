"""Rows without a target: which objectives learn from them, and in which part they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.core.printed.counting import counted
from polymodal.feed.findings import Checked
from polymodal.profile.profile import Profile
from polymodal.recipe.recipe import OBJECTIVES, checked_objectives

__all__ = [
    "check_pretraining",
    "moved_to_train",
    "readers_of",
    "repeated_with_target",
    "tell_unlabelled",
    "uses_unlabelled",
    "with_target_alone",
    "without",
]

_LEAST = 0.25  # share of rows with a target in an epoch, to which they are repeated


def readers_of(objectives: Any) -> list[str]:
    """Returns the objectives of a recipe that learn from rows without a target.

    Example:

    >>> readers_of({"contrastive": {"weight": 0.5}, "single_modality": None})
    ['contrastive']
    """
    return [
        name
        for name, config in checked_objectives(objectives).items()
        if config.get("weight") != 0 and find(OBJECTIVES, name).reads_unlabelled
    ]


def uses_unlabelled(given: Mapping[str, Any]) -> bool:
    """Returns whether a recipe, perhaps with settings left open, needs rows without a target."""
    pseudo = (given.get("training") or {}).get("pseudo_labels")
    return pseudo is not None or bool(readers_of(given.get("objectives")))


def check_pretraining(training: Mapping[str, Any], objectives: Any) -> None:
    """Raises RecipeError where a recipe pretrains, and no objective learns without targets."""
    if training.get("pretrain_epochs") and not readers_of(objectives):
        raise RecipeError(
            "training.pretrain_epochs needs an objective that learns without targets:"
            " contrastive or masked. Got none. Add --set objectives.masked.weight=1, "
            "or leave it out."
        )


def moved_to_train(
    whole: Profile, held_out: Mapping[str, Profile], target: str
) -> dict[str, Profile]:
    """Returns the parts of a table with all rows without a target in train, where they are used.

    Args:
        whole: Profile of the table that was divided.
        held_out: {part: Profile} of its parts; others stay as they are.
        target: str.
    """
    table = whole.table
    named = np.array([value is not None for value in table.values(target)], bool)
    places = _places(whole)
    found, moved = dict(held_out), [np.flatnonzero(~named)]
    for name, part in held_out.items():
        rows = np.array([places[row] for row in _ids(part)], int)
        if name == "train":
            moved.append(rows[named[rows]])
        else:
            found[name] = whole.part(rows[named[rows]])
    found["train"] = whole.part(np.sort(np.concatenate(moved)))
    return found


def tell_unlabelled(checked: Checked, objectives: Any) -> str:
    """Returns a sentence on the rows without a target that are trained on, or "".

    Raises:
        RecipeError: no row has a target.
    """
    count = int((checked.valid == 0).sum())
    if not count:
        return ""
    if count == len(checked):
        raise RecipeError(
            "Training needs rows with a target besides those without. Got none. "
            "Fill in the target of some rows."
        )
    names = readers_of(objectives)
    if not names:
        return ""
    needs = "needs" if len(names) == 1 else "need"
    return (
        f"{counted(count, 'row')} without a target and {len(checked) - count:,} with one are "
        f"trained on: {' and '.join(names)} {needs} none."
    )


def with_target_alone(checked: Checked) -> Checked:
    """Returns the rows that have a target, and what is known of them."""
    return _taken(checked, np.flatnonzero(checked.valid > 0))


def without(checked: Checked, rows: Sequence[int]) -> Checked:
    """Returns what is known of the other rows."""
    return _taken(checked, np.flatnonzero(~np.isin(checked.rows, rows)))


def repeated_with_target(checked: Checked) -> Checked:
    """Returns the rows with those that have a target repeated, where they are less than a quarter:
    else an epoch would teach little of the task itself."""
    there = checked.valid > 0
    others = len(checked) - int(there.sum())
    if not others or not there.any():
        return checked
    times = math.ceil(_LEAST / (1 - _LEAST) * others / int(there.sum()))
    return _taken(checked, np.repeat(np.arange(len(checked)), np.where(there, max(1, times), 1)))


def _taken(checked: Checked, places: np.ndarray) -> Checked:
    return Checked(
        checked.rows[places],
        checked.lengths[places],
        checked.present[places],
        checked.valid[places],
        checked.errors,
        checked.cut,
    )


def _ids(part: Profile) -> list[int]:
    rows = part.table.row_ids
    if rows is None:
        return list(range(len(part)))
    return rows.tolist()


def _places(whole: Profile) -> dict[int, int]:
    return {row: place for place, row in enumerate(_ids(whole))}
