"""All facts before a model is built, and the loader of the rows that it learns from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polymodal.core.contracts.batch import input_key
from polymodal.core.contracts.named_task import task_of
from polymodal.core.contracts.task import Task
from polymodal.core.printed.counting import counted
from polymodal.feed.findings import Checked
from polymodal.feed.ledger import Ledger
from polymodal.feed.loader import Loader
from polymodal.feed.packed import packed
from polymodal.feed.plan import Plan
from polymodal.feed.samples import Samples
from polymodal.inference.trained_on import TrainedOn
from polymodal.preprocess.collate import collate, collate_targets, known_steps
from polymodal.profile.sharing import repeats
from polymodal.recipe import assemble
from polymodal.recipe.recipe import Recipe
from polymodal.recipe.written.commented import commented
from polymodal.tables.group import Sequences
from polymodal.training.imbalance.weights import chances_of, weights_of
from polymodal.training.preparing.unlabelled import (
    repeated_with_target,
    tell_unlabelled,
    with_target_alone,
    without,
)
from polymodal.training.steps.settings import Training


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
        return {split: len(checked) for split, checked in self.checked.items() if self.recipe.group}

    def count_unlabelled(self) -> int:
        """Returns how many rows of train have no target, and are trained on by objectives alone."""
        return int((self.checked["train"].valid == 0).sum())

    def told_rows(self) -> list[str]:
        """Returns sentences on rows of train whose target is not in the table."""
        found = [tell_unlabelled(self.checked["train"], self.recipe.objectives)]
        if self.guessed:
            found.append(
                f"{counted(len(self.guessed), 'row')} of train got the answer of a first "
                "model as the target."
            )
        return [sentence for sentence in found if sentence]

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
        if self.task.packs and settings.pack:
            places *= max(item.modality.num_parts for item in self.inputs)
            words = [source.name for source in self.samples["train"].sources].index(self.task.packs)
            return packed(
                self.samples["train"],
                checked,
                words,
                batch_size,
                places,
                collate,
                collate_targets,
                settings.seed,
                settings.augment,
                accumulate=settings.accumulate,
                batch_tokens=settings.batch_tokens,
            )
        weights = weights_of(self, settings)
        told = self.told().checked["train"].rows
        chances = chances_of(weights.chances, told, checked.rows)
        together = settings.rows_per_item or 1
        if chances is not None:
            together = 1  # rows are drawn one by one
        index, items = self._shared(checked) if together > 1 else (None, None)
        steps = places + float(checked.lengths.mean(axis=0).max(initial=0))  # of an average row
        plan = Plan(
            len(checked),
            batch_size,
            settings.seed,
            checked.lengths,
            accumulate=settings.accumulate,
            batch_tokens=settings.batch_tokens or self.task.batch_tokens(batch_size, steps),
            items=items,
            rows_per_item=together,
            places=places,
            chances=chances,
        )
        return Loader(
            self.samples["train"],
            checked,
            plan,
            collate,
            collate_targets,
            seed=settings.seed,
            augment=settings.augment,
            shared=index,
            class_weights=weights.of_classes,
        )

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
        return Prepared(
            self.recipe.only(name),
            [alone],
            self.target,
            samples,
            checked,
            self.ledger,
            self.trained_on,
            self.seconds,
        )

    def alone(self, name: str) -> Prepared:
        """Returns `only` of an input whose single model is kept, and why the columns of the others
        are not used."""
        others = {
            column: f"Not used, because the model of {name} alone is better and was kept."
            for item in self.inputs
            if item.name != name
            for column in item.columns
        }
        read = {column for item in self.inputs if item.name == name for column in item.columns}
        left_out = {
            column: reason
            for column, reason in {**self.left_out, **others}.items()
            if column not in read
        }
        return dataclasses.replace(self.only(name), left_out=left_out)

    def labelled(self) -> Prepared:
        """Returns the same rows without those of train that have no target."""
        if self.checked["train"].valid.all():
            return self
        return dataclasses.replace(
            self, checked=self.checked | {"train": with_target_alone(self.checked["train"])}
        )

    def told(self) -> Prepared:
        """Returns the same rows without those of train whose target is not in the table."""
        found = self.labelled()
        if not self.guessed:
            return found
        return dataclasses.replace(
            found, checked=found.checked | {"train": without(found.checked["train"], self.guessed)}
        )

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
