"""The recipe of a run: what was given, made complete from the table, and the rows of each split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polymodal.core.advice import set_option
from polymodal.core.lookup import find
from polymodal.core.printed.progress import say, waiting
from polymodal.profile.column_rules import is_called_who
from polymodal.profile.profile import Profile, profile
from polymodal.recipe.freezing import settle_freezing
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import Recipe, columns_of, from_dict
from polymodal.tables.reading.labels import value_key
from polymodal.tables.reading.reading import readings_of
from polymodal.tables.table import Table
from polymodal.training.planning.fitting import fitting_models
from polymodal.training.preparing.added import added_to, is_unlabelled
from polymodal.training.preparing.grouping import (
    alike_rows,
    group_of,
    keeps_together,
    kept_as_well,
)
from polymodal.training.preparing.held_out import held_out
from polymodal.training.preparing.unlabelled import uses_unlabelled

__all__ = ["choose", "inferred"]

_KNOWN = 0.5  # share of the scored rows, below which train knows few of who speaks there


def choose(
    tables: Mapping[str, Table],
    given: dict[str, Any],
    ignore: Sequence[str],
    split: str | None,
    split_group: str | None,
    seed: int = 0,
) -> tuple[Recipe, list[str], dict[str, Profile], str | None]:
    """Profiles the tables once: returns the whole recipe, its reasons, the profile of each split,
    and the column that groups rows. Tables of rows without a target join train."""
    readings = readings_of(given.get("columns"))
    known = {
        name: profile(table, readings) for name, table in tables.items() if not is_unlabelled(name)
    }
    more = [table for name, table in tables.items() if is_unlabelled(name)]
    added = added_to(known["train"], more, given) if more else None
    if added is not None:
        known["train"] = added.own
    group = group_of(known, given, ignore, split, split_group)
    alike = alike_rows(known["train"], given, ignore, group)
    also = kept_as_well(known, given, ignore, (split, split_group), group)
    facts = held_out(
        known, given.get("target") or None, split, group, seed, uses_unlabelled(given), also
    )
    if added is not None:
        facts = added.behind(facts, [name for name in facts if name not in tables], group)
    apart = split_group
    if keeps_together(given) and not given.get("group"):
        apart = alike
    named = apart not in (None, given.get("target"))
    if named and not facts["train"].is_media(apart):
        ignore = [*ignore, apart]  # such as who speaks; pictures are read anyway
    if keeps_together(given):
        ignore = [*ignore, *_strangers(facts, given, ignore)]
    recipe, reasons = _complete(facts["train"], given, ignore)
    if added is not None:
        added.check({name: columns_of(name, one) for name, one in recipe.inputs.items()})
    facts["train"].forget_cells()
    return recipe, reasons, facts, alike


def _strangers(
    facts: Mapping[str, Profile], given: Mapping[str, Any], ignore: Sequence[str]
) -> list[str]:
    """Returns the columns that say who speaks, where train has few of those that are scored: a
    model would learn the people of train. Prints so."""
    used = {given.get(key) for key in ("target", "group", "order")} | set(given.get("inputs") or ())
    train = facts["train"].table
    found = [
        name
        for name in train.column_names
        if is_called_who(name) and name not in used and name not in ignore
        if _share_known(name, facts) < _KNOWN
    ]
    kind = "texts" if given.get("group") else "tabular"
    for name in found:
        say(
            f'Column "{name}" is not read: it says who speaks, and train has few of those that are '
            f"scored. To read it anyway: {set_option('inputs', name, 'modality', value=kind)}."
        )
    return found


def _share_known(name: str, facts: Mapping[str, Profile]) -> float:
    """Returns the share of scored rows whose value train has too; 1 where none is scored."""
    known = {value_key(value) for value in facts["train"].table.values(name)}
    scored = [
        value_key(value)
        for split, part in facts.items()
        if split != "train" and name in part.table.column_names
        for value in part.table.values(name)
    ]
    if not scored:
        return 1.0
    return sum(key in known for key in scored) / len(scored)


def _complete(
    facts: Profile, given: dict[str, Any], ignore: Sequence[str]
) -> tuple[Recipe, list[str]]:
    """Returns the whole recipe with its reasons, and prints what was inferred."""
    recipe, reasons = inferred(facts, given, ignore)
    for reason in reasons:
        say(f"  {reason}")
    for sentence in fitting_models(recipe.inputs, len(facts.table)):
        say(f"  {sentence}")
    return recipe, reasons


def inferred(
    facts: Profile, given: dict[str, Any], ignore: Sequence[str] = ()
) -> tuple[Recipe, list[str]]:
    """Returns the whole recipe with its reasons."""
    num_rows = len(facts.table)
    if given.get("group") and given["group"] in facts.table.column_names:
        facts = facts.grouped(given["group"], given.get("order"))
    with waiting("Inspecting columns"):
        found = infer(facts, given, ignore)
    fusion = found.values["fusion"]
    if isinstance(fusion, Mapping):
        fusion = fusion["name"]
    drops = not (find("fusion", str(fusion)).any_width or found.values.get("group"))
    found.values["inputs"], more = settle_freezing(found.values["inputs"], num_rows, drops)
    found.reasons.extend(more)
    return from_dict(found.values), found.reasons
