"""The models that a run is compared with: each input alone, and one without imported encoders."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polymodal.bundle.write import single_folder
from polymodal.core import arguments
from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.progress import say
from polymodal.inference.hidden.conditions import SECONDS
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.speech.language.ngram import NGram
from polymodal.tables.table import Table
from polymodal.training.from_scratch import FOLDER, JOB
from polymodal.training.job import Job, Trained, set_up
from polymodal.training.keep import DECIDES, Single
from polymodal.training.planning.forecast import Forecast
from polymodal.training.planning.times import Times
from polymodal.training.preparing.prepared import Prepared
from polymodal.training.saved.ending import Ending
from polymodal.training.steps.history import duration
from polymodal.training.steps.settings import Training
from polymodal.training.trust import make_trusted

__all__ = ["Ready", "compared_jobs", "scratch_job", "train_from_scratch", "train_singles"]


@dataclass
class Ready:
    """Everything before the first epoch, the seconds that the report may ask the model, and what
    decides on rows of train what is kept."""

    prepared: Prepared
    tables: dict[str, Table]
    cache: Cache | KeptMedia
    jobs: dict[str, Job]
    times: Times
    forecast: Forecast
    seconds: float = SECONDS
    crossed: tuple[Predictions, Predictions] | None = None


def compared_jobs(
    prepared: Prepared,
    settings: Training,
    out: Path,
    baselines: bool,
    writes: bool = True,
    asked: Mapping[str, Any] | None = None,
    **how: Any,
) -> dict[str, Job]:
    """Returns the models to train, by their single input; "" is the fused one, for which `how` has
    the ending and the callback."""
    jobs = {"": set_up(prepared, settings, out, writes=writes, asked=asked, **how)}
    compared = prepared.task.has_single_models and not prepared.task.compares_inputs
    if baselines and len(prepared.inputs) > 1 and compared:
        settings = dataclasses.replace(settings, last_epoch=jobs[""].session.known_end)
        jobs |= {
            item.name: set_up(
                prepared.only(item.name),
                settings,
                single_folder(out, item.key),
                writes=writes,
                asked=asked,
            )
            for item in prepared.inputs
        }
    return jobs


def scratch_job(
    prepared: Prepared,
    whole: Job,
    out: Path,
    writes: bool = True,
    asked: Mapping[str, Any] | None = None,
    **_: Any,
) -> Job:
    """Returns the model from scratch, which ends where the whole model ended, if it has."""
    settings = arguments.build(Training, prepared.recipe.training, "training")
    settings = dataclasses.replace(settings, last_epoch=whole.session.known_end)
    return set_up(prepared, settings, single_folder(out, FOLDER), writes=writes, asked=asked)


def train_from_scratch(ready: Ready, language: NGram | None, ending: Ending) -> Predictions | None:
    """Trains a model without imported encoders, and predicts the first scored split; None where the
    run has none, or its time limit leaves no time."""
    job = ready.jobs.pop(JOB, None)
    if job is None or not _fits(JOB, ready, ending):
        return None
    say("Training without imported encoders, for comparison")
    trained = job.train()
    trained.predictor.language = language
    return next(iter(_scored(ready, job, trained).values()))


def train_singles(
    ready: Ready, language: NGram | None, ending: Ending, keep: str, slice_columns: Sequence[str]
) -> dict[str, Single]:
    """Trains each input alone, with the same settings, and predicts the first scored split, decoded
    as with the fused model, and the rows that decide what is kept. Skips what would end after the
    time limit."""
    found = {}
    for name in list(ready.jobs):
        job = ready.jobs.pop(name)
        if not _fits(name, ready, ending):
            continue
        say(f"Training on {name} alone, for comparison")
        trained = job.train()
        trained.predictor.language = language
        result = dataclasses.replace(trained.result, weights={})
        said = _scored(ready, job, trained, keep == "better", slice_columns)
        found[name] = Single(next(iter(said.values())), result, job.folder, said.get(DECIDES))
        del job, trained  # before the next model
    return found


def _scored(
    ready: Ready,
    job: Job,
    trained: Trained,
    decides: bool = False,
    slice_columns: Sequence[str] = (),
) -> dict[str, Predictions]:
    """Returns predictions of the first scored split, and of validation rows where they decide or
    answers are no texts, calibrated as those of the run are."""
    split = "test" if "test" in ready.tables else "val"
    is_text = ready.prepared.task.is_text
    splits = dict.fromkeys([split, DECIDES])
    if is_text and not decides:
        splits = [split]
    said = {
        one: trained.predictor.predict(ready.tables[one], scored=True, cache=ready.cache)
        for one in splits
        if one in ready.tables
    }
    if not is_text:
        made = trained.predictor, ready.tables, said, job.folder, ready.cache
        said = make_trusted(*made, slice_columns, job.prepared)
    return said


def _fits(name: str, ready: Ready, ending: Ending) -> bool:
    """Returns whether a model for comparison fits the time limit, and says so where it does not."""
    seconds = ready.times.alone(name)
    if seconds <= ending.left:
        return True
    what = name
    if name != JOB:
        what = f"the model of {name} alone"
    say(
        f"Skipping {what}: it would take {duration(seconds)}, and {duration(ending.left)} are "
        "left. To train it, run the same command without --max-minutes."
    )
    return False
