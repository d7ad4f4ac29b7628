"""A trained model for prediction: with the same preprocessing, masks and numbers as in training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle import names, read, write
from polymodal.core.advice import column_named
from polymodal.core.arguments import shown
from polymodal.core.contracts.task import Predictions, task_of
from polymodal.core.errors import BundleError, DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.printed.progress import say, warn
from polymodal.core.printed.visible import visible
from polymodal.evaluation.evaluation import evaluate
from polymodal.evaluation.texts.normalisation import describe
from polymodal.evaluation.trust.conformal import Conformal
from polymodal.evaluation.trust.decision import Decision
from polymodal.evaluation.trust.temperature import Temperatures
from polymodal.feed.check import Checked, check
from polymodal.feed.ledger import Ledger
from polymodal.feed.loader import Loader
from polymodal.feed.plan import Plan
from polymodal.feed.samples import Samples, Source
from polymodal.inference.given_rows import with_all_inputs
from polymodal.inference.outputs import collect, nothing, outputs
from polymodal.inference.trained_on import TrainedOn
from polymodal.inference.trust import restore_trust, trust_json, trusted
from polymodal.inference.writing import checked_choice, table_of_file
from polymodal.layers.watch import before_variables
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia, for_predictions
from polymodal.preprocess.collate import collate, collate_targets
from polymodal.pretrained.base import Base
from polymodal.profile.profile import Profile, profile
from polymodal.recipe import assemble
from polymodal.recipe.adapting import left_out, merged_words, named_bases
from polymodal.recipe.recipe import Recipe, from_dict
from polymodal.recipe.room import Room, room_for
from polymodal.speech.decoding.confidence import WordCalibration
from polymodal.speech.language.ngram import NGram
from polymodal.speech.recognition.hearing import Reader, Recogniser, hears
from polymodal.speech.recognition.transcribe import rows_heard
from polymodal.speech.transcripts.transcript import join_words
from polymodal.splits.groups import group_codes
from polymodal.tables.group import group_rows
from polymodal.tables.table import Table
from polymodal.tables.table import read as read_table

_BATCH = 64
_MOST_STEPS = 2_000_000  # of the longest input in a batch: samples of sound are many


class Predictor:
    """A model with its preprocessing and the decoding of its outputs.

    Args:
        recipe: Recipe.
        inputs: list of `recipe.assemble.Input`, their modalities fitted or restored.
        target: Target, fitted or restored.
        model: keras.Model.
        head: Head of the model.
        metrics: what `metrics.json` holds, of a model that was loaded.
        calibration: WordCalibration, of word confidence; None for other tasks.
        language: NGram that decoding uses by default, or None.
        trained_on: TrainedOn, what is remembered of the training table, or None.

    Attributes:
        temperatures: Temperatures that probabilities are calibrated with, or None.
        decision: Decision on how answers are chosen from probabilities; None = the most probable.
        conformal: Conformal that sets of answers are made with, or None.
    """

    temperatures: Temperatures | None = None
    decision: Decision | None = None
    conformal: Conformal | None = None

    def __init__(self, recipe: Recipe, inputs: list[Any], target: Any, model: Any, head: Any,
                 metrics: dict[str, Any] | None = None,
                 calibration: WordCalibration | None = None, language: NGram | None = None,
                 trained_on: TrainedOn | None = None):
        self.recipe, self.inputs, self.target = recipe, inputs, target
        self.task = task_of(recipe.task)
        self.model, self.head, self.metrics = model, head, metrics or {}
        self.calibration, self.language = calibration, language
        self.trained_on = trained_on or TrainedOn()

    @property
    def sources(self) -> list[Source]:
        """The inputs as the samples of a table take them."""
        return [Source(i.name, i.modality, i.columns) for i in self.inputs]

    def predict(self, table: Any, *, media_root: str | Path | None = None, scored: bool = False,
                skip_bad: bool = True, max_bad_share: float = 1.0,
                cache: Cache | KeptMedia | None = None, **choice: Any) -> Predictions:
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
        checked = check(samples, ledger, skip_bad=skip_bad, max_bad_share=max_bad_share,
                        allow_empty=not scored)
        if samples.target_object is not None:
            for note in samples.target_object.respelled(str(samples.target_column)):
                say(note)
        names = [i.name for i in self.inputs]
        if len(checked):
            said = outputs(self.model, self.loader(samples, checked), self.head, alone=True,
                           **writing)
            found = collect(said, self.head, self.target, self.task, names, len(table),
                            samples.references if scored else None, with_words=scored)
        else:
            found = nothing(self.task, self.target, names, len(table))
        found.errors = {row: visible(error.left_out()) for row, error in checked.errors.items()}
        found.dropped, found.truncated = ledger.count("dropped"), ledger.count("truncated")
        if checked.cut and hears(self):
            self._hear_whole(found, samples.table, checked.cut, choice)
            del found.truncated[f"{names[0]}_too_long"]
        if self.trained_on.group_column in table.column_names:
            enter_groups(found, samples.table, table, self.trained_on.group_column)
        found = by_row(found, samples.table, len(table))
        return trusted(self, found)

    def evaluate(self, table: Any, *, slice_columns: Sequence[str] = (), media_root: Any = None,
                 skip_bad: bool = False, max_bad_share: float = 0.05,
                 normalisation: str = "basic", target: str | None = None,
                 sets: float | None = None, sets_by: str | None = None,
                 **choice: Any) -> dict[str, Any]:
        """Returns scores with intervals, as `polymodal evaluate --json` prints them.

        `choice` has decoding options, see `predict`. Slices by part (if a column names train, val
        or test) and, for transcripts, by speaker are added by default. Transcripts and references
        are compared after a `normalisation`: none, basic or english. `sets` is the level of sets
        of answers, to be scored too, made by the values of the column `sets_by`."""
        describe(normalisation)
        if target not in (None, self.recipe.target):
            raise RecipeError(f'This run predicts "{self.recipe.target}". Got --target {target}. '
                              "Leave it out.")
        table = as_table(table, media_root)
        if self.recipe.target and self.recipe.target not in table.column_names:
            raise DataError("has no target to score against.",
                            "Add the column, or use predict.", table=table.name,
                            column=self.recipe.target, reason="no_target")
        found = self.predict(table, scored=True, skip_bad=skip_bad, max_bad_share=max_bad_share,
                             **choice)
        found.normalisation = normalisation
        group = self.trained_on.group_column
        if group and group not in table.column_names:
            warn(f'{table.name} has no column "{group}", which grouped the rows held out in '
                 "training. Intervals treat rows as independent.")
        result = (evaluate(found, self.cut_by(table, slice_columns)).to_json()
                  | trust_json(self, found, table, sets, sets_by))
        if self.task.converses:
            from polymodal.inference.judging import answers_judged  # it needs this module

            result |= answers_judged(self, table, found)
        return result

    def cut_by(self, source: Table | Profile,
               slice_columns: Sequence[str] = ()) -> dict[str, list[Any]]:
        """Returns {column: values} to slice scores by; by default, the columns that name the part
        of rows, as some may be training rows, and, for transcripts, the speaker."""
        if self.recipe.group and not slice_columns:
            return {}
        if not slice_columns and self.task.sliced_by:
            names = profile(source).table.column_names
            slice_columns = [one for one in self.task.sliced_by if one in names]
        return slice_values(source, slice_columns, self.recipe.target, self.task.hears)

    def _hear_whole(self, found: Predictions, table: Table, rows: Sequence[int],
                    choice: dict[str, Any]) -> None:
        """Replaces transcripts of truncated recordings with those of the whole recordings, as
        `transcribe` makes them."""
        recogniser = Recogniser(self, **choice)
        recogniser.calibration = WordCalibration()  # predictions have the model's own confidence
        places = np.searchsorted(found.rows, rows)
        heard = rows_heard(recogniser, table, self.inputs[0].columns[0], rows)
        for place, words in zip(places, heard, strict=True):
            found.outputs[place] = join_words(word.text for word in words)
            if found.words is not None:
                found.words[place] = [(word.text, word.confidence) for word in words]

    def _writing(self, choice: dict[str, Any]) -> dict[str, Any]:
        """Returns the arguments of `outputs` for the decoding options in `choice`."""
        if not choice and self.language is None:
            return {}
        if not self.task.is_text:
            raise RecipeError(f"Decoding options ({', '.join(choice)}) need a run that "
                              f"generates text. Got task: {self.task.name}. Leave them out.")
        if not self.task.hears:
            return checked_choice(self, choice)
        reader = Reader(self, **choice)
        if reader.reading.beam:
            return {"reader": reader}
        return {}

    def samples(self, table: Table, scored: bool,
                cache: Cache | KeptMedia | None = None) -> Samples:
        """Returns the samples of a table, its rows grouped into sequences where the recipe says;
        inputs whose column it lacks are missing."""
        table = with_all_inputs(self, table)
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

    def room(self) -> Room | None:
        """Returns how many tokens the inputs of a row become; None if one has no time axis."""
        return room_for(self.recipe, self.inputs)

    def spec(self) -> dict[str, Any]:
        """Returns what `model.json` holds."""
        return {"recipe": merged_words(self.recipe, self.recipe.to_dict()),
                "labels": list(self.target.labels), "trained_on": self.trained_on.to_json()}

    def own_weights(self) -> dict[str, Any]:
        """Returns {name: variable} of what a bundle has of the model's weights."""
        found = names.weight_names(self.model)
        without = left_out(self.recipe, found)
        return {name: variable for name, variable in found.items() if name not in without}

    def states(self) -> dict[str, dict[str, Any]]:
        """Returns what was learned from the train split, by input and for the target."""
        return {i.key: i.modality.state() for i in self.inputs} | {"target": self.target.state()}


def load(folder: str | Path) -> Predictor:
    """Loads a run's bundle. Nothing that it holds is executed.

    Raises:
        BundleError: it is damaged, foreign or unsafe.
    """
    bundle = read.read(folder)
    recipe, inputs, target = _preprocessing(bundle)
    calibration = language = None
    if bundle.confidence:
        with read.blamed(bundle.folder / write.CONFIDENCE):
            calibration = WordCalibration.from_json(bundle.confidence)
    if bundle.language:
        with read.blamed(bundle.folder / write.LANGUAGE):
            language = NGram.from_json(bundle.language)
    with read.blamed(bundle.folder / write.MODEL):
        trained_on = TrainedOn.from_json(bundle.spec.get("trained_on", {}))
    bundle.check_model()
    known = Counter(bundle.shapes().values())
    bases = [Base.find(start, bundle.folder) for start in named_bases(recipe)]
    for base in bases:
        known.update(base.shapes())
    with read.blamed(bundle.folder / write.MODEL), before_variables(_Among(known)):
        model, head = assemble.build_model(recipe, inputs, target, bytes_per_parameter=4)
    found = Predictor(recipe, inputs, target, model, head, bundle.metrics, calibration,
                      language, trained_on)
    bundle.load_weights(found.own_weights())
    for base in bases:
        base.load_into(model)
    restore_trust(found, bundle)
    return found


def _preprocessing(bundle: read.Bundle) -> tuple[Recipe, list[Any], Any]:
    """Returns the recipe of a bundle, and its inputs and target, restored."""
    with read.blamed(bundle.folder / write.MODEL):
        spec = Fields(bundle.spec)
        recipe = from_dict(spec.mapping("recipe"), '"recipe"')
        labels = spec.texts("labels", distinct=False)
        inputs, target = assemble.build_inputs(recipe), assemble.build_target(recipe)
    parts = [*((item.key, item.modality) for item in inputs), ("target", target)]
    for name, part in parts:
        path = bundle.folder / write.PREPROCESS / f"{name}.json"
        if name not in bundle.preprocess:
            raise BundleError(f"{path} is missing. Copy the whole bundle again.")
        with read.blamed(path):
            part.restore(bundle.preprocess[name])
    if list(target.labels) != labels:
        raise BundleError(f"{path} needs the labels of {write.MODEL}, in their order. Got "
                          f"{shown(list(target.labels))}. Copy the whole bundle again.")
    return recipe, inputs, target


class _Among:
    """Checks that each variable has a shape that the bundle's weights have, and no more."""

    def __init__(self, shapes: Counter[tuple[int, ...]]):
        self._left = shapes

    def __call__(self, shape: tuple[int, ...]) -> None:
        self._left[shape] -= 1
        if self._left[shape] < 0:
            raise BundleError(f"needs the model of {write.WEIGHTS}. Got one with a tensor of shape "
                              f"{shape} that is not among its weights. Copy the whole bundle "
                              "again.")


def slice_values(source: Table | Profile, slice_columns: Sequence[str], target: str | None,
                 hears: bool) -> dict[str, list[Any]]:
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


def enter_groups(found: Predictions, samples: Table, table: Table, column: str) -> None:
    """Sets the group of each output; a sequence of rows has its first row's group."""
    codes, members = group_codes(table, column), getattr(samples, "members", None)
    if members is None:
        first = found.rows
    else:
        first = [members[int(row)][0] for row in found.rows]
    found.groups, found.group_column = codes[np.asarray(first, int)], column


def by_row(found: Predictions, table: Table, num_rows: int) -> Predictions:
    """Returns predictions whose rows are those of the table as read, also after grouping."""
    members: Mapping | None = getattr(table, "members", None)
    if members is None:
        return found
    errors = {int(row): message for group, message in found.errors.items()
              for row in members[group]}
    if found.steps is not None:
        steps = found.steps
    else:
        steps = np.zeros(len(found), int)
    found.rows = np.array([members[int(g)][int(s)]
                           for g, s in zip(found.rows, steps, strict=True)], int)
    found.errors, found.num_rows = errors, num_rows
    return found
