"""Answers for rows of train by models that never saw them, where too few rows are held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle.write import single_folder
from polymodal.core import arguments
from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import quiet, say
from polymodal.core.seeds import generator
from polymodal.inference.outputs import collect, enter_groups, outputs
from polymodal.profile.strata import strata_codes
from polymodal.splits.apportion import assign_groups, assign_strata
from polymodal.splits.groups import group_codes
from polymodal.training.imbalance.deciding import decision_before, with_chosen_answers
from polymodal.training.job import set_up
from polymodal.training.preparing.prepared import Prepared
from polymodal.training.simple import fit_linear, one_step
from polymodal.training.steps.settings import Training

__all__ = ["FEWEST", "NUM_FOLDS", "Crossed", "cross_fitted", "is_needed"]

FEWEST = 20  # validation rows, below which rows of train decide
NUM_FOLDS = 3  # models of each kind
_TRAIN = "train"
Crossed = tuple[Predictions, Predictions]


def is_needed(found: Mapping[str, Predictions], split: str) -> bool:
    """Returns whether too few rows are held out to decide anything; those of sequences decide
    however few they are.

    Args:
        found: {split: Predictions} of the network.
        split: str, the part of the data that would decide.
    """
    if any(one.steps is not None for one in found.values()):
        return False
    return split not in found or len(np.unique(found[split].rows[found[split].scored])) < FEWEST


def cross_fitted(prepared: Prepared, out: Path) -> Crossed:
    """Returns the answers of the network and of the linear model for the rows of train, each by a
    model that was trained on two thirds of them, without this row.

    Args:
        prepared: Prepared of the network.
        out: Path of the run's folder; each model is resumed from a folder below it.
    """
    prepared = prepared.told()
    say(
        "Training on parts of train: too few rows are held out to decide what is kept, so "
        f"{counted(len(prepared.checked[_TRAIN]), 'row')} of train do."
    )
    settings = arguments.build(Training, prepared.recipe.training, "training")
    network, linear, heads = [], [], ()
    samples, checked = prepared.samples[_TRAIN], prepared.checked[_TRAIN]
    folds = _folds(prepared)
    for fold in range(NUM_FOLDS):
        part, rest = checked.take(folds != fold), checked.take(folds == fold)
        here = replace(prepared, samples={_TRAIN: samples}, checked={_TRAIN: part})
        with quiet():
            job = set_up(here, settings, single_folder(out, f"fold_{fold}"))
            predictor = job.train().predictor
            network += outputs(
                predictor.model, predictor.loader(samples, rest), predictor.head, alone=True
            )
            answers = fit_linear(here)
            linear += outputs(
                answers.model,
                answers.loader(samples.with_sources(answers.sources), one_step(rest)),
                answers.head,
            )
        heads = predictor.head, answers.head
    both = [
        _collected(said, head, prepared)
        for said, head in zip((network, linear), heads, strict=True)
    ]
    if decision_before(prepared) is None:  # else its answers are as it was trained to give them
        both[0] = with_chosen_answers(prepared, {_TRAIN: both[0]}, _TRAIN)[_TRAIN]
    return both[0], with_chosen_answers(prepared, {_TRAIN: both[1]}, _TRAIN)[_TRAIN]


def _collected(said: list[Any], head: Any, prepared: Prepared) -> Predictions:
    """Returns the predictions of all folds, in groups where rows come in some."""
    samples = prepared.samples[_TRAIN]
    found = collect(
        said,
        head,
        prepared.target,
        prepared.task,
        [item.name for item in prepared.inputs],
        len(samples),
    )
    if prepared.trained_on.group_column in samples.table.column_names:
        enter_groups(found, samples.table, samples.table, prepared.trained_on.group_column)
    return found


def _folds(prepared: Prepared) -> np.ndarray:
    """Returns (rows,) int, the fold of each checked row: classes keep their shares, and rows of a
    group stay together."""
    samples, rows = prepared.samples[_TRAIN], prepared.checked[_TRAIN].rows
    strata = strata_codes(samples.facts, prepared.recipe.target or None)[rows]
    shares, rng = [1 / NUM_FOLDS] * NUM_FOLDS, generator(0)
    column = prepared.trained_on.group_column
    if column not in samples.table.column_names:
        return assign_strata(strata, shares, rng)
    groups = np.unique(group_codes(samples.facts, column)[rows], return_inverse=True)[1]
    if groups.max() + 1 < NUM_FOLDS:
        return assign_strata(strata, shares, rng)
    return assign_groups(groups, strata, shares, rng)
