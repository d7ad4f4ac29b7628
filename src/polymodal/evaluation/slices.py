"""Scores of slices of a table: per value of a column, and per set of present inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions, Scores
from polymodal.core.errors import DataError
from polymodal.evaluation.decisions import known
from polymodal.evaluation.parts import EMPTY, OTHERS, named_parts
from polymodal.evaluation.resampling.intervals import scored

__all__ = ["PRESENT", "present_patterns", "slices"]

PRESENT = "inputs present"  # name of the slices by missing pattern
_NUM_SAMPLES = 300  # slices are many; a bound's own error stays under a twentieth of its width


def slices(
    predictions: Predictions,
    columns: Mapping[str, Sequence[Any]] | None = None,
    seed: int = 0,
    scores: Scores | None = None,
) -> dict[str, dict[str, dict]]:
    """Returns the scores of every part that the columns and the missing inputs cut out.

    A column of numbers with more than 20 different values is cut into quarters; other columns keep
    their 20 most frequent values, the rest is "(others)"; so do numbers that identify people, such
    as in a column "speaker". Empty cells are "(empty)".

    Args:
        predictions: Predictions; only scored rows count.
        columns: {name: values}, one value for each row of the table that was predicted.
        seed: int, key of the bootstrap draws.
        scores: what `task.scores` gave for the scored rows, where it is at hand.

    Returns:
        {column: {value: {"n", "metrics": {metric: value}, "intervals": {metric: [low, high]}}}},
        with "inputs present" first: "image + audio", "image only", "nothing". Where rows come in
        groups, each part has its own "num_groups" too, and of fewer than ten no interval.

    Raises:
        DataError: no row has a target, or a column is shorter than the table.
    """
    rest = known(predictions)
    scores = scores or rest.task.scores(rest)
    found = {PRESENT: _parts(rest, scores, present_patterns(rest), None, seed)}
    for name, values in (columns or {}).items():
        if len(rest) and rest.rows.max() >= len(values):
            raise DataError(
                f"needs one value for each row. Got {len(values)} values and row "
                f"{rest.rows.max() + 1}. Take the column from the table that was predicted.",
                column=name,
                reason="short_column",
            )
        found[name] = _parts(rest, scores, *named_parts(name, values, rest.rows), seed)
    return found


def present_patterns(predictions: Predictions) -> list[str]:
    """Returns for each output which inputs were present, in words."""
    names, every = predictions.modalities, predictions.present
    pattern, place = np.unique(every, axis=0, return_inverse=True)
    words = [
        _in_words([n for n, here in zip(names, row, strict=True) if here], len(names))
        for row in pattern
    ]
    return [words[i] for i in np.ravel(place)]


def _in_words(here: list[str], num_inputs: int) -> str:
    if not here:
        return "nothing"
    if len(here) == 1 < num_inputs:
        return f"{here[0]} only"
    return " + ".join(here)


def _parts(
    rest: Predictions, scores: Scores, named: list[str], ranked: list[str] | None, seed: int
) -> dict[str, dict]:
    """Returns the scores of each name, in the order of `ranked`, else the largest first."""
    parts = {}
    values, place, count = np.unique(
        np.array(named, dtype=object), return_inverse=True, return_counts=True
    )
    if ranked is None:
        order = np.argsort(-count, kind="stable")
    else:
        order = sorted(range(len(values)), key=lambda i: ranked.index(values[i]))
    for i in order:
        here = place == i
        part = rest.take(here)
        parts[str(values[i])] = {
            "n": len(part),
            **scored(part, scores.take(here), seed, _NUM_SAMPLES),
        }
    return dict(sorted(parts.items(), key=lambda item: item[0] in (OTHERS, EMPTY)))
