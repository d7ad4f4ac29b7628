"""From tables and a recipe to checked samples and fitted preprocessing."""

from __future__ import annotations

import time
from collections.abc import Mapping

from polymodal.core.printed.progress import say, warn
from polymodal.feed.check import Part, check_parts
from polymodal.feed.ledger import Ledger
from polymodal.feed.samples import Samples, Source
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.profile.columns import InputGuess
from polymodal.profile.profile import Profile, profile
from polymodal.recipe import assemble
from polymodal.recipe.recipe import Recipe
from polymodal.recipe.room import room_for
from polymodal.splits.leaks import leaks
from polymodal.tables.table import Table
from polymodal.training.preparing.prepared import Prepared
from polymodal.training.preparing.starts import restore_inputs, restore_target
from polymodal.training.preparing.unlabelled import (
    check_pretraining,
    tell_unlabelled,
    uses_unlabelled,
)


def prepare(
    recipe: Recipe,
    tables: Mapping[str, Table | Profile],
    cache: Cache | KeptMedia | None = None,
    *,
    skip_bad: bool = False,
    max_bad_share: float = 0.05,
) -> Prepared:
    """Checks every row, fits statistics and vocabularies to train, and counts skipped rows.

    Args:
        recipe: Recipe.
        tables: {split: Table or Profile}; "train" is needed.
        cache: Cache or KeptMedia for decoded media, or None.
        skip_bad: bool, skip bad rows instead of stopping.
        max_bad_share: float, 0..1, share of bad rows above which to stop anyway.

    Raises:
        DataError: bad rows; it names table, row, column, path and the fix.
        RecipeError: settings that do not fit the table.
    """
    inputs, target = assemble.build_inputs(recipe), assemble.build_target(recipe)
    assemble.check_parts(recipe)
    check_pretraining(recipe.training, recipe.objectives)
    restore_inputs(recipe, inputs)
    restore_target(recipe, target)
    known = {name: profile(table) for name, table in tables.items()}
    ledger, samples, found = Ledger(_unit(recipe)), {}, {}
    room, unlabelled = room_for(recipe, inputs), uses_unlabelled(recipe.to_dict())
    target.meets(known["train"].table, {item.name: item for item in inputs})
    sources = [Source(i.name, i.modality, i.columns) for i in inputs]
    for name in sorted(known, key=("train", "val", "test").index):
        facts = known[name]
        if recipe.group:
            facts = facts.grouped(recipe.group, recipe.order)
        samples[name] = Samples(facts, sources, target, recipe.target or None, cache)
        again = any(_same(known[name].table, known[other].table) for other in found)
        counted = Ledger(ledger.unit) if again else ledger
        if name == "train":
            found[name] = Part(samples[name], counted, True, room, bool(unlabelled))
        else:
            found[name] = Part(samples[name], counted)
    start = time.monotonic()
    checked = dict(
        zip(
            found,
            check_parts([*found.values()], skip_bad=skip_bad, max_bad_share=max_bad_share),
            strict=True,
        )
    )
    spent = (time.monotonic() - start) / sum(map(len, samples.values()))
    seconds = {name: spent * len(one) for name, one in samples.items()}
    _tell_spellings(samples["train"])
    say(ledger.summary())
    if unlabelled and (told := tell_unlabelled(checked["train"], recipe.objectives)):
        say(told)
    if isinstance(cache, KeptMedia) and cache.summary():
        warn(cache.summary())
    for message in leaks(known, _shareable(recipe, inputs)):
        warn(message)
    return Prepared(recipe, inputs, target, samples, checked, ledger, seconds=seconds)


def _unit(recipe: Recipe) -> str:
    if recipe.group:
        return "sequences"
    return "rows"


def _tell_spellings(samples: Samples) -> None:
    """Prints which labels and categories have several spellings."""
    target, column = samples.target_object, str(samples.target_column)
    for source in samples.sources:
        for note in source.modality.notes():
            warn(note)
    if target is None:
        return
    for note in target.notes(column):
        warn(note)
    for note in target.respelled(column):
        say(note)


def _same(one: Table, other: Table) -> bool:
    """Returns whether both are one table, given twice, whose rows are counted once."""
    return (
        one.name == other.name
        and len(one) == len(other)
        and one.row_ids is None
        and other.row_ids is None
        and one.root.resolve() == other.root.resolve()
        and one.fingerprint == other.fingerprint
    )


def _shareable(recipe: Recipe, inputs: list[assemble.Input]) -> list[InputGuess]:
    """Returns the inputs that splits should not share: media, and text if it is the only one."""
    kinds = [recipe.inputs[i.name]["modality"] for i in inputs]
    return [
        InputGuess(i.name, kind, i.columns, "")
        for i, kind in zip(inputs, kinds, strict=True)
        if not i.modality.is_text or len(inputs) == 1
    ]
