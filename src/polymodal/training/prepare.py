"""From tables and a recipe to checked samples and fitted preprocessing."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polymodal.core.advice import option
from polymodal.core.contracts.batch import input_key
from polymodal.core.contracts.task import Task, task_of
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import say, warn
from polymodal.evaluation.groups import group_words
from polymodal.feed.check import Checked, Part, check_parts
from polymodal.feed.ledger import Ledger
from polymodal.feed.loader import Loader
from polymodal.feed.packed import packed
from polymodal.feed.plan import Plan
from polymodal.feed.samples import Samples, Source
from polymodal.inference.trained_on import TrainedOn
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.preprocess.collate import collate, collate_targets, known_steps
from polymodal.profile.columns import InputGuess
from polymodal.profile.profile import Profile, profile
from polymodal.profile.sharing import repeats
from polymodal.profile.strata import strata_codes
from polymodal.recipe import assemble
from polymodal.recipe.commented import commented
from polymodal.recipe.recipe import Recipe
from polymodal.recipe.room import room_for
from polymodal.recipe.task_guess import infer_task
from polymodal.splits.leaks import leaks
from polymodal.splits.repeats import repeated_media
from polymodal.splits.sides import majorities, on_both_sides
from polymodal.splits.split import parts
from polymodal.splits.together import together
from polymodal.tables.group import Sequences
from polymodal.tables.reading.labels import value_key
from polymodal.tables.table import Table
from polymodal.training.imbalance.weights import chances_of, weights_of
from polymodal.training.starts import restore_inputs, restore_target
from polymodal.training.steps.settings import Training
from polymodal.training.unlabelled import (
    moved_to_train,
    repeated_with_target,
    tell_unlabelled,
    uses_unlabelled,
    with_target_alone,
    without,
)

_MOST_GROUPS = 5  # that are named


@dataclass
class Prepared:
    """All facts before a model is built.

    Args:
        recipe: Recipe, complete.
        inputs: list of `recipe.assemble.Input`, modalities fitted on the train split.
        target: Target, fitted on the train split.
        samples: {split: Samples}.
        checked: {split: Checked}.
        ledger: Ledger of all splits.
        trained_on: TrainedOn, facts on the training table.
        seconds: {split: seconds that the check of its rows took}.
        reasons: sentences on the choices in the recipe, as `infer` gives them.
        left_out: {column: reason} of the columns of train that the model does not see.
        hidden: sentences on what the split hides.
        guessed: rows of train whose target a first model gave.
    """

    recipe: Recipe
    inputs: list[assemble.Input]
    target: Any
    samples: dict[str, Samples]
    checked: dict[str, Checked]
    ledger: Ledger
    trained_on: TrainedOn = field(default_factory=TrainedOn)
    seconds: dict[str, float] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    hidden: Sequence[str] = ()
    guessed: Sequence[int] = ()

    @property
    def task(self) -> Task:
        """The task of the recipe."""
        return task_of(self.recipe.task)

    @property
    def written_recipe(self) -> str:
        """The recipe as YAML, with the reason of each choice as a comment."""
        return commented(self.recipe, self.reasons)

    def count_rows(self) -> dict[str, int]:
        """Returns {split: rows of its table that are used}."""
        return {split: self._rows_of(split) for split in self.checked}

    def count_sequences(self) -> dict[str, int]:
        """Returns {split: sequences that its rows make}; nothing where rows stay by themselves."""
        return {split: len(checked) for split, checked in self.checked.items()
                if self.recipe.group}

    def _rows_of(self, split: str) -> int:
        table, rows = self.samples[split].table, self.checked[split].rows
        if isinstance(table, Sequences):
            return sum(len(table.members[int(row)]) for row in rows)
        return len(rows)

    def train_loader(self, settings: Training, places: int = 0) -> Loader:
        """Returns the loader of the train split: shuffled, augmented, in effective batches.

        Args:
            settings: Training.
            places: int, positions that the model computes per row besides its time steps.
        """
        checked = repeated_with_target(self.checked["train"])
        batch_size = min(settings.batch_size or 32, max(1, len(checked)))
        tiled = any(item.modality.tiled for item in self.inputs)  # of which a place has several
        if self.task.packs and settings.pack and not tiled:
            words = [source.name for source in self.samples["train"].sources].index(self.task.packs)
            return packed(self.samples["train"], checked, words, batch_size, places, collate,
                          collate_targets, settings.seed, settings.augment,
                          accumulate=settings.accumulate, batch_tokens=settings.batch_tokens)
        weights = weights_of(self, settings)
        told = self.told().checked["train"].rows
        chances = chances_of(weights.chances, told, checked.rows)
        together = settings.rows_per_item or 1
        if chances is not None:
            together = 1  # rows are drawn one by one
        index, items = self._shared(checked) if together > 1 else (None, None)
        steps = places + float(checked.lengths.mean(axis=0).max(initial=0))  # of an average row
        plan = Plan(len(checked), batch_size, settings.seed, checked.lengths,
                    accumulate=settings.accumulate,
                    batch_tokens=settings.batch_tokens
                    or self.task.batch_tokens(batch_size, steps),
                    items=items, rows_per_item=together, places=places, chances=chances)
        return Loader(self.samples["train"], checked, plan, collate, collate_targets,
                      seed=settings.seed, augment=settings.augment, shared=index,
                      class_weights=weights.of_classes)

    def _shared(self, checked: Checked) -> tuple[int | None, np.ndarray | None]:
        """Returns the source whose cells repeat most, and the cell of each row."""
        samples, best = self.samples["train"], (1.0, None, None)
        for index, source in enumerate(samples.sources):
            items = samples.items(source)
            if items is not None:
                items = items[checked.rows]
                best = max(best, (repeats(items), index, items), key=lambda found: found[0])
        return best[1:]

    def only(self, name: str) -> Prepared:
        """Returns the same samples with one input alone; nothing is checked or fitted again."""
        index = [i.name for i in self.inputs].index(name)
        alone = dataclasses.replace(self.inputs[index], key=input_key(0))
        samples = {split: s.only(name) for split, s in self.samples.items()}
        checked = {split: c.only(index) for split, c in self.checked.items()}
        return Prepared(self.recipe.only(name), [alone], self.target, samples, checked,
                        self.ledger, self.trained_on, self.seconds)

    def alone(self, name: str) -> Prepared:
        """Returns `only` of an input whose single model is kept, and why the columns of the others
        are not used."""
        others = {column: f"Not used, because the model of {name} alone is better and was kept."
                  for item in self.inputs if item.name != name for column in item.columns}
        read = {column for item in self.inputs if item.name == name for column in item.columns}
        left_out = {column: reason for column, reason in {**self.left_out, **others}.items()
                    if column not in read}
        return dataclasses.replace(self.only(name), left_out=left_out)

    def labelled(self) -> Prepared:
        """Returns the same rows without those of train that have no target."""
        if self.checked["train"].valid.all():
            return self
        return dataclasses.replace(self, checked=self.checked | {
            "train": with_target_alone(self.checked["train"])})

    def told(self) -> Prepared:
        """Returns the same rows without those of train whose target is not in the table."""
        found = self.labelled()
        if not self.guessed:
            return found
        return dataclasses.replace(found, checked=found.checked | {
            "train": without(found.checked["train"], self.guessed)})

    def train_targets(self) -> Any:
        """Returns the targets of the train split as `Predictions.targets` holds them, flat over
        steps: classes, labels as 0 and 1, numbers in the target's own unit, texts as they are."""
        samples, rows = self.samples["train"], self.told().checked["train"].rows
        if self.target.has_references:
            return [text for row in rows for text in samples.references(int(row)) or []]
        found = [np.asarray(samples.target(int(row))) for row in rows]
        if self.target.has_time:
            flat = np.concatenate(found)
            return self.task.train_targets(flat[known_steps(flat)], self.target)
        encoded = np.stack(found)
        return self.task.train_targets(encoded, self.target)


def held_out(tables: Mapping[str, Table | Profile], target: str | None, method: str | None,
             group: str | None, seed: int, unlabelled: bool = False) -> dict[str, Profile]:
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
        unlabelled: bool, whether rows without a target are trained on. None is then held out.

    Raises:
        RecipeError: no part is left to score the model on.
    """
    known = {name: profile(table) for name, table in tables.items()}
    if method is None:
        known = _by_own_column(known, target, group)
    elif method not in ("stratified", "random", "grouped", "none"):
        return _scored_on_something(parts(known.pop("train"), "column", column=method) | known,
                                    f'Column "{method}" says train for every row')
    if "val" in known:
        return known
    if method == "none":
        return _scored_on_something(known, "--split none holds out no rows")
    train = known.pop("train")
    method = method or _by_chance(group, target)
    strata = strata_codes(train, target)
    found = parts(train, method, {"train": 0.85, "val": 0.15}, strata, group, seed)
    if unlabelled and target and method != "grouped":
        found = moved_to_train(train, found, target)
    how = f" ({method})"
    if method == "grouped":
        how = _groups_held_out(found["val"].table, str(group))
    say(f"Holding out {len(found['val']):,} of {len(train):,} rows for validation{how}. Choose "
        "them yourself with --val.")
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


def _by_own_column(known: dict[str, Profile], target: str | None,
                   group: str | None) -> dict[str, Profile]:
    """Returns profiles with train split by its only column that names parts, and prints so."""
    train = known["train"]
    column = train.split_column(target)
    if column is None:
        _tell_unused(train.split_columns(target))
        return known
    found = parts(train, "column", column=column)
    if group in train.table.column_names and _torn(found, str(group)):
        say(f'Column "{column}" says train, val or test, but is not used: some values of "{group}" '
            f'would be on both sides of the split. To use it anyway: {option("--split", column)}.')
        return known
    given = {name: part for name, part in known.items() if name != "train"}
    counts = ", ".join(f"{len(part):,} {name}" for name, part in found.items())
    unused = " and ".join(name for name in found if name in given)
    told = [f'Using the split in column "{column}": {counts}.']
    if unused:
        told.append(f"Its {unused} rows are not used, because --{unused} gives a table.")
    told.append("To train on all rows of --data: --split none." if "val" in given else
                f"To split all rows at random instead: --split {_by_chance(group)}.")
    say(" ".join(told))
    return found | given


def _tell_unused(columns: Mapping[str, int]) -> None:
    """Prints which columns seem to name parts, if none of them is used."""
    if len(columns) > 1:
        names = " and ".join(f'"{name}"' for name in columns)
        say(f"Columns {names} say train, val or test. None of them is used. To use one: "
            f"{option('--split', next(iter(columns)))}.")
    elif columns:
        (name, rows), = columns.items()
        say(f'Column "{name}" says train, val or test, but is empty in '
            f"{counted(rows, 'row')}, so it is not used. Fill every cell to have it used.")


def _torn(found: Mapping[str, Profile], group: str) -> bool:
    """Returns whether two parts share a value of a column, empty cells aside."""
    values = [{value_key(value) for value in part.table.values(group) if value is not None}
              for part in found.values()]
    return len(set.union(*values)) < sum(map(len, values))


def group_of(known: Mapping[str, Profile], given: Mapping[str, Any], ignore: Iterable[str],
             method: str | None, group: str | None) -> str | None:
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


def alike_rows(facts: Profile, given: Mapping[str, Any], ignore: Iterable[str],
               group: str | None) -> str | None:
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


def tell_single_group(tables: Mapping[str, Table], group: str | None) -> None:
    """Prints which scored tables hold rows of one group only, such as one speaker."""
    for name in ("val", "test"):
        if group is None or name not in tables or group not in tables[name].column_names:
            continue
        values = {str(value) for value in tables[name].values(group)}
        if len(values) == 1:
            warn(f'all {len(tables[name])} rows of {name} have the same "{group}": '
                 f"{values.pop()}. Their scores do not show how the model generalises to others.")


def hidden_by_split(parts: Mapping[str, Profile], recipe: Recipe,
                    group: str | None) -> list[str]:
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
        raise RecipeError(f"{why}, so there is nothing to evaluate the model on. Give a table "
                          "with --test, or hold out rows.")
    return known


def prepare(recipe: Recipe, tables: Mapping[str, Table | Profile],
            cache: Cache | KeptMedia | None = None, *, skip_bad: bool = False,
            max_bad_share: float = 0.05) -> Prepared:
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
    checked = dict(zip(found, check_parts([*found.values()], skip_bad=skip_bad,
                                          max_bad_share=max_bad_share), strict=True))
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
    return (one.name == other.name and len(one) == len(other) and one.row_ids is None
            and other.row_ids is None and one.root.resolve() == other.root.resolve()
            and one.fingerprint == other.fingerprint)


def _shareable(recipe: Recipe, inputs: list[assemble.Input]) -> list[InputGuess]:
    """Returns the inputs that splits should not share: media, and text if it is the only one."""
    kinds = [recipe.inputs[i.name]["modality"] for i in inputs]
    return [InputGuess(i.name, kind, i.columns, "") for i, kind in zip(inputs, kinds, strict=True)
            if not i.modality.is_text or len(inputs) == 1]
