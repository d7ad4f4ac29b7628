"""A simple model next to one that reads conversations: each row of the table by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.progress import quiet
from polymodal.feed.findings import Checked
from polymodal.profile.profile import profile
from polymodal.recipe.recipe import columns_of
from polymodal.tables.group import Sequences
from polymodal.training.choose import inferred
from polymodal.training.preparing.prepare import prepare
from polymodal.training.preparing.prepared import Prepared

__all__ = ["answers_of_steps", "one_step", "rows_alone"]


def rows_alone(prepared: Prepared) -> Prepared | None:
    """Returns the rows that make the sequences of a run, each by itself, with the same inputs and
    target; None where they cannot be read so.

    Args:
        prepared: Prepared, of a recipe with a group.
    """
    tables = {}
    for name, samples in prepared.samples.items():
        if not isinstance(samples.table, Sequences):
            return None
        tables[name] = samples.table.steps
    recipe = prepared.recipe
    read = {column for name, one in recipe.inputs.items() for column in columns_of(name, one)}
    given: dict[str, Any] = {"target": recipe.target, "columns": recipe.columns or None}
    if prepared.task.keeps_together:
        given["task"] = prepared.task.name
    others = [name for name in tables["train"].column_names if name not in {*read, recipe.target}]
    with quiet():
        chosen, _ = inferred(profile(tables["train"]), given, others)
        found = prepare(chosen, tables, skip_bad=True, max_bad_share=1.0)
    alike = (found.task.has_numbers, found.task.choice) == (
        prepared.task.has_numbers,
        prepared.task.choice,
    )
    if not alike or found.target.is_fed_back:
        return None
    known = {name: getattr(prepared, name) for name in ("trained_on", "left_out", "hidden")}
    return replace(found, **known)


def one_step(checked: Checked) -> Checked:
    """Returns what is known of rows, each input one step long, as a vector is."""
    return replace(checked, lengths=np.ones_like(checked.lengths))


def answers_of_steps(
    answers: Any, alone: Prepared, found: Mapping[str, Predictions]
) -> dict[str, Predictions] | None:
    """Returns what a model of single rows says about the steps that the network answered.

    Args:
        answers: LinearAnswers, fitted to `alone`.
        alone: Prepared, as `rows_alone` returned it.
        found: {split: Predictions} of the network, whose rows are those of the table.

    Returns:
        {split: Predictions}, or None where it has no answer for one of the steps.
    """
    said = {}
    for split, network in found.items():
        outputs = _outputs(answers, alone, split, network.rows)
        if outputs is None:
            return None
        if not network.task.has_numbers:
            outputs = _in_order(outputs, alone.target.labels, network.labels)
        said[split] = replace(network, outputs=outputs, words=None, chosen=None)
    return said


def _outputs(answers: Any, alone: Prepared, split: str, rows: np.ndarray) -> np.ndarray | None:
    """Returns the outputs for rows of a split, or None where one has none."""
    samples, checked = alone.samples[split], alone.checked[split]
    checked = one_step(checked.take(np.isin(checked.rows, rows)))
    said = answers.of_samples(samples.with_sources(answers.sources), checked)
    place = np.full(len(samples), -1)
    place[said.rows] = np.arange(len(said.rows))
    if (place[rows] < 0).any():
        return None
    return said.outputs[place[rows]]


def _in_order(outputs: np.ndarray, labels: list[str], wanted: list[str]) -> np.ndarray:
    """Returns probabilities of labels in another order, 0 for those that were never seen."""
    found = np.zeros((len(outputs), len(wanted)), outputs.dtype)
    for place, label in enumerate(labels):
        if label in wanted:
            found[:, wanted.index(label)] = outputs[:, place]
    return found
