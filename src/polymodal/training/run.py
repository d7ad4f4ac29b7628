"""The main job: from tables to a folder with a model, its scores and its report."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from polymodal.bundle.write import seal
from polymodal.core import arguments
from polymodal.core.contracts.task import Predictions
from polymodal.core.disk.files import check_writable, write_json
from polymodal.core.disk.lock import locked
from polymodal.core.errors import Interrupted, RecipeError
from polymodal.core.printed.progress import say, waiting, warn
from polymodal.evaluation.baseline import blind_baseline, on_same_rows
from polymodal.evaluation.comparing.from_scratch import scratch_json
from polymodal.evaluation.comparing.simple import simple_json
from polymodal.evaluation.evaluation import evaluate_run
from polymodal.evaluation.report.verdict import fusion_verdict
from polymodal.inference.explaining.in_report import looked_into
from polymodal.inference.explaining.page import shown as as_shown
from polymodal.inference.hearing import hearing_of
from polymodal.inference.hidden.conditions import SECONDS
from polymodal.inference.trained_on import TrainedOn
from polymodal.media.cache import Cache, open_cache
from polymodal.media.kept import KeptMedia
from polymodal.recipe.written.commented import left_out
from polymodal.recipe.written.given import check_given, need_target, with_target
from polymodal.tables.table import Table
from polymodal.training.choose import choose
from polymodal.training.compared import (
    Ready,
    compared_jobs,
    scratch_job,
    train_from_scratch,
    train_singles,
)
from polymodal.training.cross_fitted import NUM_FOLDS, cross_fitted, is_needed
from polymodal.training.finished_run import Run
from polymodal.training.from_scratch import JOB, read_plainly, without_imports
from polymodal.training.imbalance.settings import imbalance_of
from polymodal.training.imbalance.weights import check_decision, check_imbalance
from polymodal.training.job import Trained
from polymodal.training.keep import (
    DECIDES,
    advice,
    check_keep,
    keep_alone,
    keep_linear,
    kept_linear,
    what_is_kept,
)
from polymodal.training.overfitting import overfitting
from polymodal.training.planning.asked import Options, to_json
from polymodal.training.planning.command import again
from polymodal.training.planning.dry import DryRun, dry_run_of
from polymodal.training.planning.forecast import FILE as FORECAST
from polymodal.training.planning.room import needs_of
from polymodal.training.planning.times import Times
from polymodal.training.preparing.absent import with_absent_media
from polymodal.training.preparing.hearing import with_transcripts
from polymodal.training.preparing.held_out import hidden_by_split, tell_single_group
from polymodal.training.preparing.language import choose_language
from polymodal.training.preparing.prepare import prepare
from polymodal.training.preparing.prepared import Prepared
from polymodal.training.preparing.pseudo_labels import with_pseudo_labels
from polymodal.training.preparing.starts import with_parts
from polymodal.training.reporting.report import RunRecord, write_all
from polymodal.training.saved.checkpoint import Checkpoints, settle
from polymodal.training.saved.ending import Ending, on_old_plan, training_of, with_ways_on
from polymodal.training.simple import LEAST_SECONDS, simple_models
from polymodal.training.steps.settings import Training
from polymodal.training.trust import make_trusted, trust_of


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
    keep: str = "joint",
    skip_bad: bool = False,
    max_bad_share: float = 0.05,
    on_epoch: Any = None,
    max_minutes: float | None = None,
    keep_checkpoints: bool = False,
    finish: bool = False,
) -> Run:
    """Trains a model on a table, evaluates it, and writes model, scores and report to a folder.

    Run it again on the same folder to resume a stopped run.

    Args:
        tables: {"train": Table, and optionally "val" and "test"; those of `read_unlabelled` have
            rows without a target}.
        given: recipe settings; "target" is needed, the rest is inferred from the train table.
        out: folder of the run.
        ignore: columns that are not inputs.
        split: how to hold out validation rows: stratified, random, grouped, a column's name, or
            none, which needs a test or validation table. Default: by the only column that names
            the part of each row, else stratified, or grouped if there is a group.
        split_group: column whose equal values stay on one side of the split. Default for captions
            and transcripts: media that several rows share. Intervals resample its values
            instead of rows.
        slice_columns: columns to slice scores by. Default for transcripts: the speaker.
        baselines: bool, also train each input alone, with the same settings, and a model without
            the imported encoders.
        keep: str, "joint", or "better" to keep a single input's model if it is better than the
            fused one by more than chance, or a linear model on simple features if it is as good,
            both on validation rows.
        skip_bad: bool, skip bad rows and count them.
        max_bad_share: float, 0..1, share of bad rows above which the run stops anyway.
        on_epoch: function called with each epoch's entry of the history.
        max_minutes: float > 0, time limit for everything: training ends with the last whole epoch
            that leaves time for scores and report. Each input alone is then trained for as many
            epochs, or skipped if that is not expected to fit.
        keep_checkpoints: bool, keep those of a finished run.
        finish: bool, train no further: end a stopped run with its last whole epoch.

    Raises:
        DataError: rows that cannot be used; it names table, row, column, path and the fix.
        RecipeError: settings that cannot be used.
        ResumeError: the folder holds another run; the message says what differs.
        LockedError: another process uses the folder.
        Interrupted: a signal, Ctrl-C or the time limit came; the message says how to continue.
        PolymodalError: the folder cannot be written.
    """
    options = Options(
        list(ignore),
        split,
        split_group,
        list(slice_columns),
        baselines,
        keep,
        skip_bad,
        max_bad_share,
    )
    check_keep(keep, baselines)
    out, ending = check_writable(out, folder=True), Ending(max_minutes, finish)
    with locked(out):
        try:
            run = _train(tables, given, out, options, on_epoch, ending)
        except (Interrupted, KeyboardInterrupt) as stop:
            raise with_ways_on(stop, out) from None
        if not keep_checkpoints:
            settle(out)
        run.training = training_of(out)
        return run


def dry_run(
    tables: Mapping[str, Table], given: Mapping[str, Any], out: str | Path, **options: Any
) -> DryRun:
    """Does the steps of `train` before the first epoch, and writes nothing into the folder.

    It takes what `train` takes, but for `on_epoch`, `keep_checkpoints` and `finish`. For a stopped
    run in the folder, the forecast covers the rest.

    Raises:
        DataError, RecipeError, ResumeError, LockedError: as `train`.
    """
    out = check_writable(out, folder=True)
    with locked(out):
        options.pop("slice_columns", None)
        options["ending"] = Ending(options.pop("max_minutes", None))
        check_keep(options.pop("keep", "joint"), options.get("baselines", True))
        ready = _ready(tables, given, out, writes=False, **options)
    return dry_run_of(ready.jobs, ready.prepared, ready.cache, ready.forecast)


def _train(
    tables: Mapping[str, Table],
    given: Mapping[str, Any],
    out: Path,
    options: Options,
    on_epoch: Any,
    ending: Ending,
) -> Run:
    """Does the work of `train`, in a locked folder."""
    command = again(tables, out, engine=keras.backend.backend(), **vars(options))
    deciding = dict(vars(options))
    slice_columns, keep = deciding.pop("slice_columns"), deciding.pop("keep")
    ready = _ready(
        tables,
        given,
        out,
        on_epoch=on_epoch,
        ending=ending,
        asked=to_json(tables, given, options, command),
        **deciding,
    )
    say(ready.forecast.sentence())
    for text in needs_of(ready.jobs, ready.cache).warnings(out):
        warn(text)
    start = time.monotonic()
    trained = ready.jobs.pop("").train()
    for job in ready.jobs.values():
        job.session.end_at(ready.prepared.recipe.training.get("last_epoch"))
    found = _predicted(trained, ready.prepared, ready.tables, ready.cache, out)
    found = make_trusted(
        trained.predictor, ready.tables, found, out, ready.cache, slice_columns, ready.prepared
    )
    ending.reserve(ready.times.report)
    scratch = train_from_scratch(ready, trained.predictor.language, ending)
    singles = train_singles(ready, trained.predictor.language, ending, keep, slice_columns)
    simple = []
    if options.baselines and ending.left > LEAST_SECONDS:
        simple = simple_models(ready.prepared, found, trained.predictor.model)
    if keep == "better" and kept_linear(simple) is not None and is_needed(found, DECIDES):
        each = trained.result.seconds + LEAST_SECONDS
        if ending.left > LEAST_SECONDS + NUM_FOLDS * each:
            ready.crossed = cross_fitted(ready.prepared, out)
    ready.seconds = min(SECONDS, ending.left)
    with waiting("Writing the report"):
        run = _conclude(
            ready, trained, found, singles, simple, scratch, slice_columns, command, out, keep
        )
    run.predictor.hearing = hearing_of(ready.prepared.recipe.inputs, out)
    run.forecast = ready.forecast.to_json(time.monotonic() - start)
    write_json(out / FORECAST, run.forecast)
    seal(out)
    return run


def _ready(
    tables: Mapping[str, Table],
    given: Mapping[str, Any],
    out: Path,
    *,
    ignore: Sequence[str] = (),
    split: str | None = None,
    split_group: str | None = None,
    baselines: bool = True,
    skip_bad: bool = False,
    max_bad_share: float = 0.05,
    **how: Any,
) -> Ready:
    """Infers, checks, builds and times all before the first epoch; `how` is that of
    `compared_jobs`."""
    asked, tables = with_transcripts(with_target(given), tables)
    given = with_parts(asked)
    check_given(given)
    given = on_old_plan(given, out)
    tables = with_absent_media(tables, given)
    need_target(given)
    settings = arguments.build(Training, given.get("training") or {}, "training")
    recipe, reasons, facts, alike = choose(tables, given, ignore, split, split_group, settings.seed)
    tables = {name: part.table for name, part in facts.items()}
    if settings.patience is not None and "val" not in tables:
        raise RecipeError(
            "training.patience needs validation rows. Got none held out. Give a "
            "table with --val, or remove patience."
        )
    settings = arguments.build(Training, recipe.training, "training")
    cache = open_cache()
    prepared = prepare(recipe, facts, cache, skip_bad=skip_bad, max_bad_share=max_bad_share)
    prepared.trained_on = TrainedOn(tuple(tables["train"].column_names), alike or "")
    prepared.reasons = reasons
    prepared.left_out = left_out(recipe, tables["train"].column_names, reasons, ignore)
    tell_single_group(tables, alike)
    prepared.hidden = hidden_by_split(facts, recipe, alike)
    fed_back = prepared.target.is_fed_back
    check_imbalance(prepared.task, fed_back, imbalance_of(settings.imbalance))
    check_decision(prepared.task, fed_back, settings.decision, "val" in tables)
    guesses = settings.pseudo_labels is not None
    if guesses and how.get("writes", True):
        prepared = with_pseudo_labels(prepared, settings, out, tables, cache)
    jobs = compared_jobs(prepared, settings, out, baselines, **how)
    plain = None
    if baselines:
        plain = without_imports({**asked, "training": given.get("training") or {}}, recipe)
    if plain is not None:
        read = read_plainly(plain, facts, cache, skip_bad, max_bad_share)
        jobs[JOB] = scratch_job(read, jobs[""], out, **how)
    times = Times(jobs, prepared)
    forecast = times.forecast()
    if guesses and not how.get("writes", True):
        forecast = forecast.after_a_first_model()
    return Ready(prepared, tables, cache, jobs, times, forecast)


def _predicted(
    trained: Trained,
    prepared: Prepared,
    tables: Mapping[str, Table],
    cache: Cache | KeptMedia,
    out: Path,
) -> dict[str, Predictions]:
    """Predicts the scored splits, the one to show first, with the run's decoding."""
    predictor, known = trained.predictor, {}
    if "val" in tables and predictor.task.hears:
        known["val"], trained.reading = choose_language(
            predictor, prepared.train_targets(), tables["val"], out, cache
        )
    return {
        name: known[name]
        if name in known
        else predictor.predict(tables[name], scored=True, cache=cache)
        for name in ("test", "val")
        if name in tables
    }


def _conclude(
    ready, trained, found, singles, simple, scratch, slice_columns, command, out, keep
) -> Run:
    """Scores, compares, and writes metrics, report and model card."""
    prepared, tables = ready.prepared, ready.tables
    shown = next(iter(found))
    joint = found[shown]
    blind = blind_baseline(joint, prepared.train_targets())
    alone = {name: on_same_rows(one.predictions, joint, blind) for name, one in singles.items()}
    columns = {split: trained.predictor.cut_by(tables[split], slice_columns) for split in found}
    worth = evaluate_run(found, blind, alone, columns=columns)
    verdict = fusion_verdict(worth, shown)
    choice = what_is_kept(keep, prepared, found, singles, simple, ready.crossed)
    kept, tip, network = choice.single, "", worth.shown
    linear = kept_linear(simple) if choice.linear else None
    if linear is not None:
        kept, prepared = linear.name, linear.alone or prepared
        trained, found = keep_linear(
            linear, found, tables, ready.cache, out, slice_columns, prepared
        )
    elif kept:
        trained, found = keep_alone(singles[kept], trained, found, tables, ready.cache, out)
        prepared = prepared.alone(kept)
    else:
        Checkpoints(out).take_back()
        tip = advice(verdict, singles, keep)
    if kept:
        blind = blind_baseline(found[shown], prepared.train_targets())
        worth = worth.of_one_input(found, blind, columns)
    if linear is None:
        network = worth.shown
    trust = trust_of(trained.predictor, tables, found)
    compared = {one.name: one.predictions for one in simple}
    if linear is not None:
        compared[kept] = found[shown]  # calibrated
    simple = simple_json(network, compared, shown)
    scratch = scratch_json(worth.fused, scratch, shown)
    known = overfitting(prepared, trained, found, tables, ready.cache)
    asked = trained.predictor, tables[shown], found[shown], ready.cache, ready.seconds
    under, reasons = looked_into(*asked)
    record = RunRecord(
        prepared,
        trained,
        found,
        alone,
        blind,
        tables[shown],
        columns[shown],
        command,
        worth,
        trust["notes"],
        joint if kept else None,
        simple,
        scratch,
        known,
        linear.name if linear else "",
        under,
        choice.sentence,
        as_shown(reasons) if reasons else {},
    )
    said = write_all(out, record)
    metrics = worth.to_json(kept) | {
        "trust": trust,
        "simple": simple,
        "from_scratch": scratch,
        "overfitting": known,
        "conditions": under,
        "explanation": reasons.summary() if reasons else {},
        "keeping": choice.to_json(),
    }
    write_json(out / "metrics.json", metrics)
    guessed = (metrics["baseline"] or {}).get("metrics", {})
    return Run(
        out,
        trained.predictor,
        metrics["splits"],
        said,
        found,
        {},
        kept,
        tip,
        trust,
        baseline=guessed,
        simple=simple,
        scratch=scratch,
        keeping=choice.to_json(),
        overfitting=known,
    )
