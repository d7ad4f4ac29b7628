"""Which model a run keeps: the fused one, or a single input's if that is better."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from polymodal.bundle import weights as tensors
from polymodal.bundle.write import CONFIDENCE, LANGUAGE, PREPROCESS, add_part, remove_part, write
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.evaluation.baseline import blind_baseline, on_same_rows
from polymodal.evaluation.comparing.keeping import Keeping, choose_kept
from polymodal.evaluation.report.verdict import Verdict
from polymodal.evaluation.words import readable, value_text
from polymodal.inference.predictor import Predictor, load
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.speech.language.ngram import NGram
from polymodal.tables.table import Table
from polymodal.training.job import Trained
from polymodal.training.loop.result import Result
from polymodal.training.preparing.prepared import Prepared
from polymodal.training.saved.checkpoint import Checkpoints
from polymodal.training.simple import SimpleModel
from polymodal.training.steps.history import write_history
from polymodal.training.trust import make_trusted, write_trust

KEEP = ("joint", "better")
DECIDES = "val"  # the part of the data on which it is decided what is kept


@dataclass
class Single:
    """A model of one input alone.

    Args:
        predictions: Predictions on the shown split.
        result: Result of its training, without weights.
        folder: Path of its run.
        held_out: Predictions on the rows that decide what is kept, where they were made.
    """

    predictions: Predictions
    result: Result
    folder: Path
    held_out: Predictions | None = None


def check_keep(keep: str, baselines: bool) -> None:
    """Refuses an impossible choice of model.

    Raises:
        RecipeError: an unknown name, or "better" without models to compare with.
    """
    if keep not in KEEP:
        raise RecipeError(f"--keep: {unknown('choice', keep, KEEP)}")
    if keep == "better" and not baselines:
        raise RecipeError(
            "--keep better needs the models of each input alone to choose from. Got "
            "--no-baselines. Leave one of the two out."
        )


def advice(verdict: Verdict, singles: Mapping[str, Single], keep: str) -> str:
    """Returns how to use the model of one input, where it is better than that of all on the rows
    that are shown; else "".

    Args:
        verdict: Verdict on the rows that are shown.
        singles: {input: Single}.
        keep: str, what was asked for.
    """
    found, best = verdict.comparison, verdict.best
    if verdict.kind != "hurt" or found is None or best is None:
        return ""
    own, joint = (value_text(found.metric, value) for value in (found.second, found.first))
    rest = ", or train again with --keep better, which decides on validation rows."
    if keep == "better":
        rest = ". It is not kept: validation rows decide that, and do not say so."
    return (
        f"{best} alone is better than all inputs together: {readable(found.metric)} "
        f"{own} against {joint}. Use it with: polymodal predict "
        f"{shlex.quote(str(singles[best].folder))} --data new.csv --out predictions.csv{rest}"
    )


def what_is_kept(
    keep: str,
    prepared: Prepared,
    found: Mapping[str, Predictions],
    singles: Mapping[str, Single],
    simple: Sequence[SimpleModel],
    crossed: tuple[Predictions, Predictions] | None = None,
) -> Keeping:
    """Returns which model is kept, decided on validation rows: the rows that are shown, where they
    are others, only score it.

    Args:
        keep: str, one of KEEP.
        prepared: Prepared.
        found: {split: Predictions} of the model of all inputs, the shown split first.
        singles: {input: Single}.
        simple: what `simple_models` returned.
        crossed: what `cross_fitted` returned, where too few rows are held out; then no model of one
            input is kept.
    """
    one, shown = kept_linear(simple), next(iter(found))
    if keep != "better":
        return Keeping()
    if crossed is not None and one is not None:
        return choose_kept(crossed[0], {}, (one.name, crossed[1]), "train", shown, crossed=True)
    network, alone = found.get(DECIDES), {}
    if network is not None:
        blind = blind_baseline(network, prepared.train_targets())
        alone = {
            name: on_same_rows(one.held_out, network, blind)
            for name, one in singles.items()
            if one.held_out is not None
        }
    linear = None
    if one is not None and one.held_out is not None:
        linear = one.name, one.held_out
    return choose_kept(network, alone, linear, DECIDES, shown)


def kept_linear(simple: Sequence[SimpleModel]) -> SimpleModel | None:
    """Returns the simple model that can be kept, if there is one."""
    return next((one for one in simple if one.answers is not None), None)


def put_in_place(single: Path, out: Path, result: Result, language: NGram | None) -> Predictor:
    """Makes the bundle of one input's run that of the whole run, and returns it in use.

    Args:
        single: folder of the input's run.
        out: folder of the whole run, whose own weights are set aside for the next time.
        result: Result of the input's run, whose history the bundle gets.
        language: NGram that transcripts are read with, or None.
    """
    predictor = load(single)
    predictor.language = language
    Checkpoints(out).set_aside()
    shutil.rmtree(out / PREPROCESS, ignore_errors=True)
    write(out, predictor.spec(), tensors.values(predictor.own_weights()), predictor.states())
    if language is not None:
        add_part(out, LANGUAGE, language.to_json())
    write_trust(predictor, out)
    write_history(out, result.history)
    return predictor


def keep_alone(
    single: Single,
    trained: Trained,
    found: Mapping[str, Predictions],
    tables: Mapping[str, Table],
    cache: Cache | KeptMedia,
    out: Path,
) -> tuple[Trained, dict[str, Predictions]]:
    """Replaces the fused model with a single input's, and returns it with its predictions."""
    predictor = put_in_place(single.folder, out, single.result, trained.predictor.language)
    answers = {
        split: single.predictions
        if place == 0
        else predictor.predict(tables[split], scored=True, cache=cache)
        for place, split in enumerate(found)
    }
    if predictor.task.is_text:
        answers = make_trusted(predictor, tables, answers, out, cache)
    return Trained(predictor, single.result, trained.reading), answers


def keep_linear(
    linear: SimpleModel,
    found: Mapping[str, Predictions],
    tables: Mapping[str, Table],
    cache: Cache | KeptMedia,
    out: Path,
    slice_columns: Sequence[str],
    prepared: Prepared,
) -> tuple[Trained, dict[str, Predictions]]:
    """Replaces the network with a linear model, and returns it with its predictions, calibrated and
    chosen on validation rows as those of a network are."""
    answers = linear.answers
    if answers is None:
        raise ValueError(f"keep_linear needs a model that can be kept. Got {linear.name}.")
    Checkpoints(out).set_aside()
    shutil.rmtree(out / PREPROCESS, ignore_errors=True)
    for name in (LANGUAGE, CONFIDENCE):
        remove_part(out, name)
    write(out, answers.spec(), answers.arrays(), answers.states())
    write_history(out, [])
    said = {split: answers.predict(tables[split], scored=True, cache=cache) for split in found}
    said = make_trusted(answers, tables, said, out, cache, slice_columns, prepared)
    return Trained(answers, Result([], None, False, True, {})), said
