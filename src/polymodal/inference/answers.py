"""What answers to the rows of a table: a network, or a linear model. This file loads no engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from polymodal.core.advice import column_named
from polymodal.core.contracts.named_task import task_of
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.printed.progress import say, warn
from polymodal.core.printed.visible import visible
from polymodal.evaluation.evaluation import evaluate
from polymodal.evaluation.texts.normalisation import describe
from polymodal.evaluation.trust.conformal import Conformal
from polymodal.evaluation.trust.decision import Decision
from polymodal.evaluation.trust.temperature import Temperatures
from polymodal.feed.check import check
from polymodal.feed.findings import Checked
from polymodal.feed.ledger import Ledger
from polymodal.feed.loader import Loader
from polymodal.feed.plan import Plan
from polymodal.feed.samples import Samples, Source
from polymodal.inference.given_rows import table_of_file, with_all_inputs
from polymodal.inference.outputs import by_row, collect, enter_groups, nothing, outputs
from polymodal.inference.trained_on import TrainedOn
from polymodal.inference.trust import trust_json, trusted
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia, for_predictions
from polymodal.preprocess.collate import collate, collate_targets
from polymodal.profile.profile import Profile, profile
from polymodal.recipe.recipe import Recipe
from polymodal.tables.group import group_rows
from polymodal.tables.table import Table
from polymodal.tables.table import read as read_table

__all__ = ["Answers", "align_lengths", "as_table", "slice_values"]

_BATCH = 64
_MOST_STEPS = 2_000_000  # of the longest input in a batch: samples of sound are many


class Answers:
    """A model with its preprocessing and the decoding of its outputs.

    Args:
        recipe: Recipe.
        inputs: list of `recipe.assemble.Input`, their modalities fitted or restored.
        target: Target, fitted or restored.
        model: keras.Model, or what else has `predict_on_batch`.
        head: Head of the model.
        metrics: what `metrics.json` holds, of a model that was loaded.
        trained_on: TrainedOn, what is remembered of the training table, or None.

    Attributes:
        is_network: bool, whether an engine computes it.
        calibration: WordCalibration of word confidence, or None.
        language: NGram that decoding uses by default, or None.
        temperatures: Temperatures that probabilities are calibrated with, or None.
        decision: Decision on how answers are chosen from probabilities; None = the most probable.
        conformal: Conformal that sets of answers are made with, or None.
        hearing: what fills in the texts of a table that are transcribed, or None.
    """

    is_network = False
    calibration: Any = None
    language: Any = None
    temperatures: Temperatures | None = None
    decision: Decision | None = None
    conformal: Conformal | None = None
    hearing: Callable[[Table], Table] | None = None

    def __init__(
        self,
        recipe: Recipe,
        inputs: list[Any],
        target: Any,
        model: Any,
        head: Any,
        metrics: dict[str, Any] | None = None,
        trained_on: TrainedOn | None = None,
    ):
        self.recipe, self.inputs, self.target = recipe, inputs, target
        self.task = task_of(recipe.task)
        self.model, self.head, self.metrics = model, head, metrics or {}
        self.trained_on = trained_on or TrainedOn()

    @property
    def sources(self) -> list[Source]:
        """The inputs as the samples of a table take them."""
        return [Source(i.name, i.modality, i.columns) for i in self.inputs]

    def predict(
        self,
        table: Any,
        *,
        media_root: str | Path | None = None,
        scored: bool = False,
        skip_bad: bool = True,
        max_bad_share: float = 1.0,
        cache: Cache | KeptMedia | None = None,
        **choice: Any,
    ) -> Predictions:
        """Returns the predictions for every readable row of a table.

        Args:
            table: Table, path, or rows in memory as `polymodal.read` takes them.
            media_root: folder that media paths start from.
            scored: bool, read the target too, so that the predictions can be scored.
            skip_bad: bool, name rows that cannot be read in `errors` rather than stop.
            max_bad_share: float, 0..1, share of bad rows above which to stop anyway.
            cache: Cache that may hold the table's media decoded; None keeps them in memory, or in
                a temporary file, from their check until they are predicted, and no longer.
            choice: how texts are written. Of a run that transcribes beam, language_model and what
                else `recording.reading.Reading` takes; of one that is fed its own outputs beam and
                what else `model.generation.Choice` takes. Default: the run's own language model
                where it has one (language_model=None reads without), else the most likely symbol
                each time.

        Raises:
            DataError: bad rows with `skip_bad` off, or too many.
            RecipeError: the table lacks a column, or a choice that the task does not have.
        """
        writing = self._writing(choice)
        table = as_table(table, media_root)
        samples = self.samples(table, scored, cache or for_predictions())
        ledger = Ledger()
        checked = check(
            samples, ledger, skip_bad=skip_bad, max_bad_share=max_bad_share, allow_empty=not scored
        )
        if samples.target_object is not None:
            for note in samples.target_object.respelled(str(samples.target_column)):
                say(note)
        names = [i.name for i in self.inputs]
        if len(checked):
            said = outputs(
                self.model,
                self.loader(samples, checked),
                self.head,
                alone=self.is_network,
                **writing,
            )
            found = collect(
                said,
                self.head,
                self.target,
                self.task,
                names,
                len(table),
                samples.references if scored else None,
                with_words=scored,
            )
        else:
            found = nothing(self.task, self.target, names, len(table))
        found.errors = {row: visible(error.left_out()) for row, error in checked.errors.items()}
        found.dropped, found.truncated = ledger.count("dropped"), ledger.count("truncated")
        if checked.cut:
            self._read_whole(found, samples.table, checked.cut, choice)
        if self.trained_on.group_column in table.column_names:
            enter_groups(found, samples.table, table, self.trained_on.group_column)
        found = by_row(found, samples.table, len(table))
        return trusted(self, found)

    def evaluate(
        self,
        table: Any,
        *,
        slice_columns: Sequence[str] = (),
        media_root: Any = None,
        skip_bad: bool = False,
        max_bad_share: float = 0.05,
        normalisation: str = "basic",
        target: str | None = None,
        sets: float | None = None,
        sets_by: str | None = None,
        conditions: bool = True,
        **choice: Any,
    ) -> dict[str, Any]:
        """Returns scores with intervals, as `polymodal evaluate --json` prints them.

        `choice` has decoding options, see `predict`. Slices by part (if a column names train, val
        or test) and, for transcripts, by speaker are added by default. Transcripts and references
        are compared after a `normalisation`: none, basic or english. `sets` is the level of sets
        of answers, to be scored too, made by the values of the column `sets_by`. `conditions` adds
        rows whose inputs disagree, noise, short texts, and hidden inputs."""
        describe(normalisation)
        if target not in (None, self.recipe.target):
            raise RecipeError(
                f'This run predicts "{self.recipe.target}". Got --target {target}. Leave it out.'
            )
        table = as_table(table, media_root)
        if self.recipe.target and self.recipe.target not in table.column_names:
            raise DataError(
                "has no target to score against.",
                "Add the column, or use predict.",
                table=table.name,
                column=self.recipe.target,
                reason="no_target",
            )
        if self.trained_on.columns:  # an imported model finds its columns when it predicts
            table = with_all_inputs(self, table)  # so that what is missing is told once
        found = self.predict(
            table, scored=True, skip_bad=skip_bad, max_bad_share=max_bad_share, **choice
        )
        found.normalisation = normalisation
        group = self.trained_on.group_column
        if group and group not in table.column_names:
            warn(
                f'{table.name} has no column "{group}", which grouped the rows held out in '
                "training. Intervals treat rows as independent."
            )
        result = evaluate(found, self.cut_by(table, slice_columns)).to_json() | trust_json(
            self, found, table, sets, sets_by
        )
        if conditions:
            from polymodal.inference.hidden.conditions import (
                conditions as found_under,  # it needs this
            )

            result["conditions"] = found_under(self, table, found)
        if self.task.converses:
            from polymodal.inference.hidden.judging import answers_judged  # it needs this module

            result |= answers_judged(self, table, found)
        return result

    def cut_by(
        self, source: Table | Profile, slice_columns: Sequence[str] = ()
    ) -> dict[str, list[Any]]:
        """Returns {column: values} to slice scores by; by default, the columns that name the part
        of rows, as some may be training rows, and, for transcripts, the speaker."""
        if self.recipe.group and not slice_columns:
            return {}
        if not slice_columns and self.task.sliced_by:
            names = profile(source).table.column_names
            slice_columns = [one for one in self.task.sliced_by if one in names]
        return slice_values(source, slice_columns, self.recipe.target, self.task.hears)

    def _writing(self, choice: dict[str, Any]) -> dict[str, Any]:
        """Returns the arguments of `outputs` for the decoding options in `choice`."""
        if not choice:
            return {}
        raise RecipeError(
            f"Decoding options ({', '.join(choice)}) need a run that "
            f"generates text. Got task: {self.task.name}. Leave them out."
        )

    def _read_whole(
        self, found: Predictions, table: Table, rows: Sequence[int], choice: dict[str, Any]
    ) -> None:
        """Replaces answers for truncated rows with those for the whole rows, where there is a way
        to read them."""

    def samples(
        self, table: Table, scored: bool, cache: Cache | KeptMedia | None = None
    ) -> Samples:
        """Returns the samples of a table, its rows grouped into sequences where the recipe says;
        inputs whose column it lacks are missing."""
        table = with_all_inputs(self, table)
        if self.hearing is not None:
            table = self.hearing(table)
        if self.recipe.group:
            table = group_rows(table, self.recipe.group, self.recipe.order)
        if scored:
            given = (self.target, self.recipe.target or None)
        else:
            given = (None, None)
        return Samples(table, self.sources, *given, cache=cache)

    def loader(self, samples: Samples, checked: Checked, batch_size: int = _BATCH) -> Loader:
        """Returns the loader that gives every checked row once, in order, without augmentation."""
        align_lengths(checked, samples, self.head)
        longest = int(checked.lengths.max(initial=1))
        size = max(1, min(batch_size, len(checked), _MOST_STEPS // max(1, longest)))
        plan = Plan(len(checked), size, lengths=checked.lengths, shuffle=False)
        scored = samples.target_object is not None
        return Loader(samples, checked, plan, collate, collate_targets if scored else None)

    def table_of(self, file: str) -> Table:
        """Returns a table with one row for a file, in the columns that its kind belongs to.

        Raises:
            DataError: it does not exist, or is of a kind that the model does not take.
        """
        return table_of_file(self, file)

    def states(self) -> dict[str, dict[str, Any]]:
        """Returns what was learned from the train split, by input and for the target."""
        return {i.key: i.modality.state() for i in self.inputs} | {"target": self.target.state()}


def slice_values(
    source: Table | Profile, slice_columns: Sequence[str], target: str | None, hears: bool
) -> dict[str, list[Any]]:
    """Returns {column: values} to slice scores by.

    Args:
        source: the table.
        slice_columns: names; where there are none, the columns that name the part of rows.
        target: str or None, the column that is predicted.
        hears: bool, whether the speaker's column is one of them by default.
    """
    facts, table = profile(source), profile(source).table
    if not slice_columns:
        slice_columns = [*facts.split_columns(target), *(facts.who_columns() if hears else ())]
    names = [column_named(name, table.column_names) for name in slice_columns]
    return {name: list(table.values(name)) for name in names}


def as_table(source: Any, media_root: str | Path | None = None) -> Table:
    """Returns `source` as a Table: it is one, or a path, or rows in memory."""
    if isinstance(source, Table):
        return source
    return read_table(source, media_root=media_root)


def align_lengths(checked: Checked, samples: Samples, head: Any) -> None:
    """Makes all sequences of a row as long as the longest, if steps correspond.

    Outputs per step have the inputs' time axis, so targets and inputs are padded alike.
    """
    if not (head.per_step and head.aligned):
        return
    timed = [i for i, s in enumerate(samples.sources) if s.modality.has_time]
    columns = [*timed, *([-1] if samples.target_object is not None else [])]
    if columns:
        checked.lengths[:, columns] = checked.lengths[:, columns].max(axis=1, keepdims=True)
