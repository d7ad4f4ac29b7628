"""How answers hold under conditions: inputs that disagree, noise, short texts, missing inputs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.seeds import generator
from polymodal.evaluation.comparing.compare import compare
from polymodal.evaluation.decisions import decisions
from polymodal.evaluation.evaluation import evaluate, finite
from polymodal.evaluation.shapley import shapley_values, shares
from polymodal.evaluation.slices import PRESENT, slices
from polymodal.evaluation.words import SPACE, gap_interval, listed, readable, value_text
from polymodal.inference.hidden.patterns import (
    Answered,
    hidden_patterns,
    is_explainable,
    predict_patterns,
    worth_of,
)
from polymodal.inference.outputs import by_row, enter_groups
from polymodal.media.kept import for_predictions
from polymodal.preprocess.audio import Audio
from polymodal.tables.group import sequences_of
from polymodal.tables.table import Table
from polymodal.text.words import split_words

__all__ = ["SECONDS", "answer_subsets", "conditions", "conditions_of"]

_CHUNK = 64  # rows of a pass, as many as a batch has
_MOST_ROWS = 512
_MOST_INPUTS = 6  # of sequences
SECONDS = 30.0  # after which no further pass begins
_LOWEST = 0.25  # share of the rows that count as short or noisy
_FRAME_SECONDS = 0.025
_APART = 0.5  # deviations between numbers that disagree


def conditions(
    predictor: Any, table: Table, found: Predictions, cache: Any = None, seconds: float = SECONDS
) -> dict[str, Any]:
    """Returns scores under conditions that no column names, and what each input is worth.

    Args:
        predictor: Answers.
        table: Table with the target.
        found: Predictions of it, with targets.
        cache: Cache or KeptMedia that may hold the table's media decoded, or None.
        seconds: float, after which no further rows are begun; at 0 nothing is looked at.

    Returns:
        What `conditions_of` does.
    """
    answered = answer_subsets(predictor, table, found, cache, seconds)
    return conditions_of(predictor, answered)


def conditions_of(predictor: Any, answered: Answered | None) -> dict[str, Any]:
    """Returns the same of rows that a model has answered with each subset of its inputs.

    Args:
        predictor: Answers.
        answered: Answered, or None where there are none.

    Returns:
        {"n": rows that were looked at, "shares": {input: Shapley share of the right answer},
        "slices": as `evaluation.slices` gives them, "patterns": {"without image": {"n", "metrics",
        "intervals", "difference": from the same rows with all inputs}}, "sentences": [str]}; empty
        for a run that writes texts or compares inputs.
    """
    if answered is None:
        return {}
    names = [item.name for item in predictor.inputs]
    patterns, used = _by_rows(predictor, answered), answered.table
    whole = patterns[-1]
    columns = _conditions_of(predictor, used, patterns)
    cut = {name: parts for name, parts in slices(whole, columns).items() if name != PRESENT}
    value: dict[str, Any] = {"n": len(whole), "shares": {}, "slices": cut, "patterns": {}}
    if len(names) > 1:
        means = shapley_values(worth_of(patterns, True).values.mean(axis=1, keepdims=True))[:, 0]
        value["shares"] = dict(zip(names, map(float, shares(means)), strict=True))
        value["patterns"] = _without_inputs(names, patterns)
    return finite({**value, "sentences": _sentences(value, whole)})


def answer_subsets(
    predictor: Any, table: Table, found: Predictions, cache: Any, seconds: float
) -> Answered | None:
    """Returns what a model says with each subset of its inputs, for as many rows as the time
    allows, about 512 at most; None for a run that writes texts or compares inputs. Arguments are
    those of `conditions`."""
    if seconds <= 0 or not is_explainable(predictor) or not found.scored.any():
        return None
    if predictor.recipe.group:
        return _of_sequences(predictor, table)
    if found.steps is not None:
        return None
    rows = np.asarray(found.rows)[found.scored]
    rows = np.sort(generator(len(rows)).permutation(rows)[:_MOST_ROWS])
    begun, cache, parts = time.monotonic(), cache or for_predictions(), []
    for start in range(0, len(rows), _CHUNK):
        if parts and time.monotonic() - begun > seconds:
            rows = rows[:start]
            break
        chunk = predict_patterns(predictor, table.select(rows[start : start + _CHUNK]), True, cache)
        parts.append([replace(one, rows=one.rows + start) for one in chunk])
    return Answered([_joined(list(each)) for each in zip(*parts, strict=True)], table.select(rows))


def _of_sequences(predictor: Any, table: Table) -> Answered | None:
    """Returns what a model says of some whole sequences with each subset of their inputs."""
    if len(predictor.inputs) > _MOST_INPUTS:
        return None
    part = sequences_of(table, predictor.recipe.group, predictor.recipe.order, _MOST_ROWS)
    return Answered(predict_patterns(predictor, part, scored=True), part)


def _by_rows(predictor: Any, answered: Answered) -> list[Predictions]:
    """Returns predictions whose rows are those of the table, also of sequences, in the groups that
    intervals resample."""
    samples, found = predictor.samples(answered.table, False).table, []
    column = predictor.trained_on.group_column
    for one in map(replace, answered.patterns):
        if column in answered.table.column_names:
            enter_groups(one, samples, answered.table, column)
        found.append(by_row(one, samples, len(answered.table)))
    return found


def _joined(parts: list[Predictions]) -> Predictions:
    """Returns the predictions of all parts of a table as one."""
    fields = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("rows", "outputs", "targets", "scored", "present", "chosen")
        if getattr(parts[0], name) is not None
    }
    return replace(parts[0], groups=None, num_rows=sum(part.num_rows for part in parts), **fields)


def _conditions_of(
    predictor: Any, table: Table, patterns: list[Predictions]
) -> dict[str, list[Any]]:
    """Returns {condition: value for each row of the table, None where it is not known}."""
    found: dict[str, list[Any]] = {}
    if len(predictor.inputs) > 1:
        found["inputs"] = _agreement(patterns, len(table))
    if predictor.recipe.group:
        return found
    samples = predictor.samples(table, False)
    for source in samples.sources:
        modality = source.modality
        if modality.is_text:
            counts = [_words(samples.decode(source, row)) for row in range(len(table))]
            found[f"length of {source.name}"] = _lowest(counts, "up to {:.0f} words", "longer")
        elif isinstance(getattr(modality, "base", modality), Audio):
            noise = [_decibels(samples.decode(source, row), modality) for row in range(len(table))]
            found[f"noise in {source.name}"] = _lowest(
                noise, "noisy (parts up to {:.0f} dB apart)", "clearer"
            )
    return {name: values for name, values in found.items() if len({*values} - {None}) > 1}


def _agreement(patterns: list[Predictions], num_rows: int) -> list[str | None]:
    """Returns whether the inputs that each row has lead to the same answer, each by itself."""
    whole = patterns[-1]
    alone = [patterns[1 << place] for place in range(len(whole.modalities))]
    found: list[str | None] = [None] * num_rows
    if whole.task.has_classes:
        said = np.stack([decisions(one)[1] for one in alone])
    else:
        said = np.stack([np.asarray(one.outputs, np.float64) for one in alone])
    spread = float(np.std(np.asarray(whole.targets, np.float64))) or 1.0
    for place, row in enumerate(whole.rows):
        here = said[:, place][whole.present[place]]
        if len(here) < 2:
            found[int(row)] = "only one is there"
        elif whole.task.has_classes:
            found[int(row)] = "agree" if (here == here[0]).all() else "disagree"
        else:
            apart = np.ptp(here, axis=0).max() > _APART * spread
            found[int(row)] = "disagree" if apart else "agree"
    return found


def _lowest(values: Sequence[float | None], low: str, other: str) -> list[str | None]:
    """Returns the name of the lowest quarter, and of the rest."""
    known = [value for value in values if value is not None]
    if not known:
        return [None] * len(values)
    bound = float(np.quantile(known, _LOWEST))
    names = {True: low.format(bound), False: other}
    return [None if value is None else names[value <= bound] for value in values]


def _words(decoded: Any) -> float | None:
    if decoded is None:
        return None
    return float(len(split_words(str(decoded))))


def _decibels(decoded: Any, modality: Any) -> float | None:
    """Returns how far the loud parts of a sound are above its quiet parts."""
    if decoded is None:
        return None
    samples = np.asarray(decoded, np.float64).ravel()
    size = max(1, round(_FRAME_SECONDS * getattr(modality, "base", modality).sample_rate))
    if len(samples) < 4 * size:
        return None
    power = np.square(samples[: len(samples) // size * size]).reshape(-1, size).mean(axis=1)
    loud, quiet = np.quantile(power, [0.95, 0.1])
    return 10 * float(np.log10((loud + 1e-10) / (quiet + 1e-10)))


def _without_inputs(names: list[str], patterns: list[Predictions]) -> dict[str, Any]:
    """Returns the scores with inputs hidden, on the rows that have them, next to those with all."""
    whole, found = patterns[-1], {}
    for hidden in hidden_patterns(names):
        places = [names.index(name) for name in hidden]
        left = sum(1 << place for place in range(len(names)) if place not in places)
        there = np.flatnonzero(
            whole.present[:, places].all(axis=1) & patterns[left].present.any(axis=1)
        )
        if not len(there):
            continue
        one = evaluate(patterns[left].take(there))
        gap = compare(whole.take(there), one.predictions)
        found[f"without {listed(hidden)}"] = {
            "n": len(there),
            "metrics": dict(one.metrics),
            "intervals": dict(one.intervals),
            "difference": gap.to_json(),
        }
    return found


def _sentences(value: dict[str, Any], whole: Predictions) -> list[str]:
    """Returns what a person should know of it."""
    found, metric = [], whole.task.headline
    if any(value["shares"].values()):
        each = [f"{name} {100 * share:.0f}{SPACE}%" for name, share in value["shares"].items()]
        found.append(
            f"Of what the inputs add to the right answer, on {value['n']:,} rows: "
            f"{listed(each)} (Shapley values)."
        )
    for name, one in value["patterns"].items():
        gap = one["difference"]
        interval = ""
        if gap["interval"] is not None:
            low, high = (-bound for bound in gap["interval"][::-1])
            interval = f", {gap_interval(metric, [low, high])}"
        found.append(
            f"{readable(metric).capitalize()} {name}, on {one['n']:,} rows: "
            f"{value_text(metric, gap['second'])} instead of "
            f"{value_text(metric, gap['first'])}{interval}."
        )
    return found
