"""Which rows are held out of training, and what that split hides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polymodal.core.advice import option
from polymodal.core.contracts.named_task import task_of
from polymodal.core.errors import RecipeError
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import say, warn
from polymodal.evaluation.groups import group_words
from polymodal.profile.profile import Profile, profile
from polymodal.profile.strata import strata_codes
from polymodal.recipe.recipe import Recipe
from polymodal.splits.sides import majorities, on_both_sides
from polymodal.splits.split import parts
from polymodal.tables.reading.labels import value_key
from polymodal.tables.table import Table
from polymodal.training.preparing.unlabelled import (
    moved_to_train,
)

_MOST_GROUPS = 5  # that are named
_FEW = 10  # rows held out, below which that is said


def held_out(
    tables: Mapping[str, Table | Profile],
    target: str | None,
    method: str | None,
    group: str | None,
    seed: int,
    unlabelled: bool = False,
    also: Sequence[str] = (),
) -> dict[str, Profile]:
    """Returns profiles with a validation part, the given one or rows held out of train, if wanted.

    By default, if one column of train names the part of each row, rows of other parts are not
    trained on.

    Args:
        tables: {"train": Table or Profile, and "val", "test" where the user has them}.
        target: str, column whose classes are kept in proportion; None where there is none.
        method: str, "stratified", "random", "grouped", the name of a column that says it, or "none"
            for a model that learns from every row.
        group: str, column whose equal values stay on one side of the split.
        seed: int.
        unlabelled: bool, whether rows without a target are trained on. They are never held out.
        also: columns whose equal values stay on one side as well.

    Raises:
        RecipeError: no part is left to score the model on.
    """
    known = {name: profile(table) for name, table in tables.items()}
    if method is None:
        known = _by_own_column(known, target, group)
    elif method not in ("stratified", "random", "grouped", "none"):
        return _scored_on_something(
            parts(known.pop("train"), "column", column=method) | known,
            f'Column "{method}" says train for every row',
        )
    if "val" in known:
        return known
    if method == "none":
        return _scored_on_something(known, "--split none holds out no rows")
    train = known.pop("train")
    method = method or _by_chance(group, target)
    strata = strata_codes(train, target)
    found = parts(train, method, {"train": 0.85, "val": 0.15}, strata, group, seed, also=also)
    lacking = sum(value is None for value in train.table.values(target)) if target else 0
    if (unlabelled or lacking) and target and method != "grouped":
        found = moved_to_train(train, found, target)
    how = f" ({method})"
    if lacking:
        how += f", of the {len(train) - lacking:,} that have a target"
    if method == "grouped":
        how = _groups_held_out(found["val"].table, str(group))
    say(
        f"Holding out {len(found['val']):,} of {len(train):,} rows for validation{how}. Choose "
        "them yourself with --val."
    )
    if 0 < len(found["val"]) < _FEW:
        say(
            f"{counted(len(found['val']), 'row')} to score on: scores of so few say little. Give "
            "more with --val."
        )
    return found | known


def _groups_held_out(val: Table, group: str) -> str:
    """Returns the groups of the held-out rows: "all rows of 1 speaker (09)"."""
    found = sorted({str(value) for value in val.values(group) if value is not None})
    shown = ", ".join(found[:_MOST_GROUPS]) + (", ..." if len(found) > _MOST_GROUPS else "")
    return f": all rows of {group_words(group, len(found))} ({shown})"


def _by_chance(group: str | None, target: str | None = "") -> str:
    if group:
        return "grouped"
    if target is None:
        return "random"
    return "stratified"


def _by_own_column(
    known: dict[str, Profile], target: str | None, group: str | None
) -> dict[str, Profile]:
    """Returns profiles with train split by its only column that names parts, and prints so."""
    train = known["train"]
    column = train.split_column(target)
    if column is None:
        _tell_unused(train.split_columns(target))
        return known
    found = parts(train, "column", column=column)
    if group in train.table.column_names and _torn(found, str(group)):
        say(
            f'Column "{column}" says train, val or test, but is not used: some values of "{group}" '
            f"would be on both sides of the split. To use it anyway: {option('--split', column)}."
        )
        return known
    given = {name: part for name, part in known.items() if name != "train"}
    counts = ", ".join(f"{len(part):,} {name}" for name, part in found.items())
    unused = " and ".join(name for name in found if name in given)
    told = [f'Using the split in column "{column}": {counts}.']
    if unused:
        told.append(f"Its {unused} rows are not used, because --{unused} gives a table.")
    told.append(
        "To train on all rows of --data: --split none."
        if "val" in given
        else f"To split all rows at random instead: --split {_by_chance(group)}."
    )
    say(" ".join(told))
    return found | given


def _tell_unused(columns: Mapping[str, int]) -> None:
    """Prints which columns seem to name parts, if none of them is used."""
    if len(columns) > 1:
        names = " and ".join(f'"{name}"' for name in columns)
        say(
            f"Columns {names} say train, val or test. None of them is used. To use one: "
            f"{option('--split', next(iter(columns)))}."
        )
    elif columns:
        ((name, rows),) = columns.items()
        say(
            f'Column "{name}" says train, val or test, but is empty in '
            f"{counted(rows, 'row')}, so it is not used. Fill every cell to have it used."
        )


def _torn(found: Mapping[str, Profile], group: str) -> bool:
    """Returns whether two parts share a value of a column, empty cells aside."""
    values = [
        {value_key(value) for value in part.table.values(group) if value is not None}
        for part in found.values()
    ]
    return len(set.union(*values)) < sum(map(len, values))


def tell_single_group(tables: Mapping[str, Table], group: str | None) -> None:
    """Prints which scored tables hold rows of one group only, such as one speaker."""
    for name in ("val", "test"):
        if group is None or name not in tables or group not in tables[name].column_names:
            continue
        values = {str(value) for value in tables[name].values(group)}
        if len(values) == 1:
            warn(
                f'all {len(tables[name])} rows of {name} have the same "{group}": '
                f"{values.pop()}. Their scores do not show how the model generalises to others."
            )


def hidden_by_split(parts: Mapping[str, Profile], recipe: Recipe, group: str | None) -> list[str]:
    """Returns sentences on what the split of a run hides, and prints them.

    Args:
        parts: {split: Profile}, train among them.
        recipe: Recipe, complete.
        group: str, column that is known to group rows, or None.
    """
    target, words = recipe.target, task_of(recipe.task).packs  # equal questions on other images
    found = on_both_sides(parts, {target, words, *([group] if group else ())})
    if task_of(recipe.task).has_classes and target and task_of(recipe.task).choice == "one of":
        found += majorities(parts, target)
    for sentence in found:
        say(sentence)
    return found


def _scored_on_something(known: dict[str, Profile], why: str) -> dict[str, Profile]:
    if set(known) == {"train"}:
        raise RecipeError(
            f"{why}, so there is nothing to evaluate the model on. Give a table "
            "with --test, or hold out rows."
        )
    return known
