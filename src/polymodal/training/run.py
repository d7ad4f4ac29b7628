"""The main job: from tables to a folder with a checked model, its scores and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from polymodal.bundle import weights as tensors
from polymodal.bundle.names import weight_names
from polymodal.bundle.write import CONFIDENCE, add_part, seal, single_folder, write
from polymodal.core import arguments
from polymodal.core.errors import RecipeError
from polymodal.core.files import check_writable, write_atomic, write_json
from polymodal.core.lock import locked
from polymodal.core.predictions import Predictions
from polymodal.core.progress import say
from polymodal.data.cache import Cache, open_cache
from polymodal.data.group import group_rows
from polymodal.data.repeats import is_media
from polymodal.data.table import Table
from polymodal.evaluation.baseline import blind_baseline, on_same_rows
from polymodal.evaluation.compare import compare
from polymodal.evaluation.metrics import score as score_predictions
from polymodal.evaluation.result import evaluation_json
from polymodal.evaluation.word_confidence import fit_word_calibration, word_claims
from polymodal.inference.outputs import collect
from polymodal.inference.predictor import Predictor, align_lengths
from polymodal.inference.trained_on import TrainedOn
from polymodal.recipe import assemble
from polymodal.recipe.given import check_given
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import Recipe, from_dict
from polymodal.speech.ngram import NGram
from polymodal.training import fit as fitting
from polymodal.training.command import again
from polymodal.training.language import choose_language
from polymodal.training.measure import decide
from polymodal.training.prepare import (
    Prepared,
    alike_rows,
    group_of,
    held_out,
    prepare,
    tell_single_group,
)
from polymodal.training.report import RunRecord, write_all
from polymodal.training.settings import Training


@dataclass
class Run:
    """A finished run.

    Args:
        folder: Path, holds everything.
        predictor: Predictor, the trained model in use.
        metrics: {split: what `polymodal evaluate --json` prints}.
        verdict: str, whether fusion helped, in a sentence.
    """

    folder: Path
    predictor: Predictor
    metrics: dict[str, Any]
    verdict: str


def train(
    tables: Mapping[str, Table],
    given: Mapping[str, Any],
    out: str | Path,
    *,
    ignore: Sequence[str] = (),
    split: str | None = None,
    split_group: str | None = None,
    slice_columns: Sequence[str] = (),
    baselines: bool = True,
    skip_bad: bool = False,
    max_bad_share: float = 0.05,
    on_epoch: Any = None,
) -> Run:
    """Trains a model on a table, checks it, and leaves a folder that holds everything.

    Run it again on the same folder to go on where it was stopped.

    Args:
        tables: {"train": Table, and optionally "val" and "test"}.
        given: recipe settings; "target" is needed, the rest is inferred from the train table.
        out: folder of the run.
        ignore: columns that are no inputs.
        split: how to hold out validation rows: stratified, random, grouped, a column's name, or
            none, which needs a test or validation table. Default: as the only column that names
            the part of each row says, else stratified, or grouped where there is a group.
        split_group: column whose equal values never stand on both sides; that of media which stand
            in several rows where a text is to be written about them and nothing else is said.
            Intervals are drawn from its values, not from rows.
        slice_columns: columns to score by, value for value. Default: of transcripts, those that
            say who speaks.
        baselines: bool, also train each input alone, with the same settings.
        skip_bad: bool, leave bad rows out, counted.
        max_bad_share: float, 0..1, share of bad rows above which the run stops all the same.
        on_epoch: function called with each epoch's entry of the history.

    Raises:
        DataError: rows that cannot be used; it names table, row, column, path and the fix.
        RecipeError: settings that cannot be used.
        ResumeError: the folder holds another run; the message says what differs.
        LockedError: another process uses the folder.
        PolymodalError: the folder cannot be written.
    """
    options = {"ignore": ignore, "split": split, "split_group": split_group,
               "slice_columns": slice_columns, "baselines": baselines, "skip_bad": skip_bad,
               "max_bad_share": max_bad_share}
    out = check_writable(out, folder=True)
    with locked(out):
        return _train(tables, given, out, on_epoch, **options)


def _train(tables: Mapping[str, Table], given: Mapping[str, Any], out: Path, on_epoch: Any, *,
           ignore: Sequence[str], split: str | None, split_group: str | None,
           slice_columns: Sequence[str], baselines: bool, skip_bad: bool,
           max_bad_share: float) -> Run:
    """Does what `train` says, in a folder that nobody else uses."""
    command = again(tables, out, ignore=ignore, split=split, split_group=split_group,
                    slice_columns=slice_columns, baselines=baselines, skip_bad=skip_bad,
                    max_bad_share=max_bad_share, engine=keras.backend.backend())
    given = dict(given)
    check_given(given)
    settings = arguments.build(Training, given.get("training") or {}, "training")
    group = group_of(tables, given, ignore, split, split_group)
    alike = alike_rows(tables["train"], given, ignore, group)
    tables = held_out(tables, given.get("target", ""), split, group, settings.seed)
    if settings.patience is not None and "val" not in tables:
        raise RecipeError("training.patience needs rows to watch while training. Got none held "
                          "out. Give a table with --val, or leave patience out.")
    named = split_group not in (None, given.get("target"))
    if named and not is_media(tables["train"], split_group):
        ignore = [*ignore, split_group]  # such as who speaks; pictures are read all the same
    recipe = _complete(tables["train"], given, ignore)
    settings = arguments.build(Training, recipe.training, "training")
    cache = open_cache()
    prepared = prepare(recipe, tables, cache, skip_bad=skip_bad, max_bad_share=max_bad_share)
    prepared.trained_on = TrainedOn(tuple(tables["train"].column_names), alike or "")
    tell_single_group(tables, alike)
    trained = _fit(prepared, settings, out, on_epoch)
    found = _predicted(trained, prepared, tables, cache, out)
    singles = _singles(prepared, settings, out, tables, cache,
                       trained.predictor.language) if baselines else {}
    return _conclude(prepared, trained, found, singles, tables, slice_columns, command, out)


def _complete(table: Table, given: dict[str, Any], ignore: Sequence[str]) -> Recipe:
    """Returns the whole recipe, and says what was inferred and why."""
    if given.get("group") and given["group"] in table.column_names:
        sequences = group_rows(table, given["group"], given.get("order"))
        found = infer(sequences, given, ignore)
    else:
        found = infer(table, given, ignore)
    for reason in found.reasons:
        say(f"  {reason}")
    return from_dict(found.values)


@dataclass
class Trained:
    """A fitted model and how its training went."""

    predictor: Predictor
    result: fitting.Result
    reading: str = ""


def _fit(prepared: Prepared, settings: Training, folder: Path, on_epoch: Any = None) -> Trained:
    """Trains, or goes on training, one model in its folder and writes the bundle."""
    recipe = prepared.recipe

    def build():
        return assemble.build_model(
            recipe, prepared.inputs, prepared.target, modality_dropout=settings.modality_dropout,
            single_loss=settings.single_loss, label_smoothing=settings.label_smoothing,
            seed=settings.seed)

    task = assemble.build_task(recipe, prepared.target)
    align_lengths(prepared.checked["train"], prepared.samples["train"], task)
    keras.config.set_dtype_policy(
        "float32" if settings.precision == "auto" else settings.precision)
    model, task = build()
    places = sum(getattr(encoder, "num_tokens", 0) for encoder in model.encoders.values())
    loader = prepared.train_loader(settings, places)
    if loader.plan.lengths.any():  # something has time
        say(_padding_line(loader.plan))
    decision = decide(model, lambda: build()[0], task, loader, settings, folder)
    if decision.precision != model.dtype_policy.name:
        keras.config.set_dtype_policy(decision.precision)
        model, task = build()
    predictor = Predictor(recipe, prepared.inputs, prepared.target, model, task,
                          trained_on=prepared.trained_on)
    val, score = _validation(prepared, predictor)
    if not (folder / "recipe.yaml").exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / "recipe.yaml", recipe.to_yaml())

    result = fitting.fit(
        model, task, loader, val, settings, folder, score=score, on_epoch=on_epoch,
        fingerprint={"recipe": recipe.to_dict(), "rows": loader.fingerprint(),
                     "validation": None if val is None else val.fingerprint()},
        jit=decision.jit)
    values = tensors.values(weight_names(model))
    write(folder, predictor.spec(), values, predictor.states())
    return Trained(predictor, result)


def _validation(prepared: Prepared, predictor: Predictor) -> tuple[Any, fitting.Score | None]:
    """Returns a loader of the rows held out and what scores them; nothing where none are."""
    samples = prepared.samples.get("val")
    if samples is None:
        return None, None

    def score(seen: list) -> dict[str, float]:
        return score_predictions(collect(
            seen, predictor.task, prepared.target, predictor.task_name,
            list(prepared.recipe.inputs), len(samples), samples.references))

    return predictor.loader(samples, prepared.checked["val"], 256), score


def _padding_line(plan: Any) -> str:
    sizes = plan.batch_sizes
    rows = f"{sizes[0]} to {sizes[-1]} rows" if len(sizes) > 1 else f"{sizes[0]} rows"
    many = any(len(edges) > 1 for edges in plan.edges)
    computed = "time steps and places of pictures" if plan.places else "time steps"
    return (f"Batches of {rows}, {'sorted by' if many else 'of one'} length; "
            f"{plan.padding():.1%} of the {computed} computed are padding.")


def _predicted(trained: Trained, prepared: Prepared, tables: Mapping[str, Table],
               cache: Cache | None, out: Path) -> dict[str, Predictions]:
    """Predicts the splits that are scored, the one to show first, read as the run will read."""
    predictor, known = trained.predictor, {}
    if "val" in tables and predictor.task_name == "transcribe":
        known["val"], trained.reading = choose_language(
            predictor, prepared.train_targets(), tables["val"], out, cache)
    return {name: known[name] if name in known
            else predictor.predict(tables[name], scored=True, cache=cache)
            for name in ("test", "val") if name in tables}


def _singles(prepared: Prepared, settings: Training, out: Path,
             tables: Mapping[str, Table], cache: Cache | None,
             language: NGram | None) -> dict[str, Predictions]:
    """Trains each input alone, with the same settings, and predicts the first scored split, read
    as the whole model's."""
    if len(prepared.inputs) < 2:
        return {}
    split = "test" if "test" in tables else "val"
    found = {}
    for item in prepared.inputs:
        name = item.name
        say(f"Baseline: {name} alone")
        place = single_folder(out, item.key)
        with locked(place):
            trained = _fit(prepared.only(name), settings, place)
        trained.predictor.language = language
        found[name] = trained.predictor.predict(tables[split], scored=True, cache=cache)
    return found


def _conclude(prepared, trained, found, singles, tables, slice_columns, command, out) -> Run:
    """Scores, compares, and writes metrics, report and model card."""
    columns = {split: trained.predictor.cut_by(tables[split], slice_columns) for split in found}
    metrics = {split: evaluation_json(p, columns[split]) for split, p in found.items()}
    shown = next(iter(found))
    _calibrate_words(trained.predictor, found, out)
    blind = blind_baseline(found[shown], prepared.train_targets())
    singles = {name: on_same_rows(p, found[shown], blind) for name, p in singles.items()}
    compared = {name: compare(found[shown], single) for name, single in singles.items()}
    record = RunRecord(prepared, trained, found, singles, blind, tables[shown], columns[shown],
                       command)
    verdict = write_all(out, record)
    write_json(out / "metrics.json", {
        "splits": metrics, "baseline": evaluation_json(blind),
        "singles": {name: {**evaluation_json(p), "difference": compared[name].to_json()}
                    for name, p in singles.items()}})
    seal(out)
    return Run(out, trained.predictor, metrics, verdict)


def _calibrate_words(predictor: Predictor, found: Mapping[str, Predictions], out: Path) -> None:
    """Learns on validation rows what the confidence of words is worth, for runs that transcribe."""
    if "val" not in found or found["val"].task != "transcribe":
        return
    predictor.calibration = fit_word_calibration(word_claims(found["val"]), "val")
    add_part(out, CONFIDENCE, predictor.calibration.to_json())
