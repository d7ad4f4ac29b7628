"""Which model a run keeps: the fused one, or a single input's if that is better."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from polymodal.bundle import weights as tensors
from polymodal.bundle.write import LANGUAGE, PREPROCESS, add_part, write
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.evaluation.report.verdict import Verdict
from polymodal.evaluation.words import readable, value_text
from polymodal.inference.predictor import Predictor, load
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.speech.language.ngram import NGram
from polymodal.tables.table import Table
from polymodal.training.job import Trained
from polymodal.training.loop.result import Result
from polymodal.training.saved.checkpoint import Checkpoints
from polymodal.training.steps.history import write_history
from polymodal.training.trust import make_trusted, write_trust

KEEP = ("joint", "better")


@dataclass
class Single:
    """A model of one input alone.

    Args:
        predictions: Predictions on the shown split.
        result: Result of its training, without weights.
        folder: Path of its run.
    """

    predictions: Predictions
    result: Result
    folder: Path


def check_keep(keep: str, baselines: bool) -> None:
    """Refuses an impossible choice of model.

    Raises:
        RecipeError: an unknown name, or "better" without models to compare with.
    """
    if keep not in KEEP:
        raise RecipeError(f"--keep: {unknown('choice', keep, KEEP)}")
    if keep == "better" and not baselines:
        raise RecipeError("--keep better needs the models of each input alone to choose from. Got "
                          "--no-baselines. Leave one of the two out.")


def better_input(verdict: Verdict) -> str | None:
    """Returns the input whose single model beats the fused one by more than chance."""
    if verdict.kind == "hurt":
        return verdict.best
    return None


def advice(verdict: Verdict, folder: Path) -> str:
    """Returns how to use the model of one input, which is better than that of all.

    Args:
        verdict: Verdict with a comparison.
        folder: Path of the run of that input.
    """
    found = verdict.comparison
    if found is None:
        return ""
    own, joint = (value_text(found.metric, value) for value in (found.second, found.first))
    return (f"{verdict.best} alone is better than all inputs together: {readable(found.metric)} "
            f"{own} against {joint}. Use it with: polymodal predict {shlex.quote(str(folder))} "
            "--data new.csv --out predictions.csv, or train again with --keep better.")


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


def keep_alone(single: Single, trained: Trained, found: Mapping[str, Predictions],
               tables: Mapping[str, Table], cache: Cache | KeptMedia,
               out: Path) -> tuple[Trained, dict[str, Predictions]]:
    """Replaces the fused model with a single input's, and returns it with its predictions."""
    predictor = put_in_place(single.folder, out, single.result, trained.predictor.language)
    answers = {split: single.predictions if place == 0
               else predictor.predict(tables[split], scored=True, cache=cache)
               for place, split in enumerate(found)}
    if predictor.task.is_text:
        answers = make_trusted(predictor, tables, answers, out, cache)
    return Trained(predictor, single.result, trained.reading), answers
